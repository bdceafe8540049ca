"""The start of a container's first process never waits for one that has gone."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from sandbox.runner.container.runtime import Begun, Runtime


def test_a_first_process_that_has_gone_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    os.mkfifo(tmp_path / "box/exec.fifo")
    found: list[int | None] = []

    def start() -> None:
        try:
            Runtime("true", tmp_path, ()).start("box")
        except OSError as error:
            found.append(error.errno)

    thread = threading.Thread(target=start, daemon=True)
    thread.start()
    thread.join(5)
    assert found == [errno.ENXIO]


def test_a_first_process_that_waits_hears_of_it(tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    fifo = tmp_path / "box/exec.fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        Runtime("true", tmp_path, ()).start("box")
        assert os.read(reader, 8) == b"0"
    finally:
        os.close(reader)


def test_a_first_process_that_is_killed_at_that_very_moment_is_no_lost_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "box").mkdir()
    fifo = tmp_path / "box/exec.fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    monkeypatch.setattr(Path, "unlink", lambda _: os.close(reader))
    with pytest.raises(ProcessLookupError):
        Runtime("true", tmp_path, ()).start("box")


def test_a_runtime_that_is_killed_before_it_has_its_configuration_is_no_lost_connection() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(ProcessLookupError):
        Begun(cast("Any", None), writer).give(b"{}")
