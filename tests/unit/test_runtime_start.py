"""The start of a container's first process never waits for one that has gone."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

from sandbox.runner.container.runtime import Runtime


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
