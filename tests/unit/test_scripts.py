"""What is wrong with a file that the kernel did not execute, by its first bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox.model.protocol import Script
from sandbox.runner.container import scripts
from sandbox.runner.kernel.rootfs import Snapshot


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sh").write_bytes(b"")
    return Snapshot(tmp_path, tmp_path, 0)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"#!/bin/sh\r\necho\r\n", "crlf"),
        (b"#!/bin/bash -e\r\n", "crlf"),
        (b"\xef\xbb\xbf#!/bin/sh\n", "bom"),
        (b"\xef\xbb\xbfecho hi\n", "bom"),
        (b"echo hi\n", "none"),
        (b"# a comment\n\techo \xea\xb0\x80\n", "none"),
        (b"#!/bin/bash\n", "missing"),
        (b"#! /usr/bin/env bash\n", "missing"),
        (b"#!/bin/sh\n", None),
        (b"#! /bin/sh -e\n", None),
        (b"\x7fELF\x02\x01\x01", None),
        (b"\x00asm", None),
        (b"#!\0/bin/sh", None),
        (b"#!sh\n", None),
        (b"", None),
    ],
)
def test_a_file_is_told_by_its_beginning(snapshot: Snapshot, data: bytes, fault: str | None) -> None:
    (snapshot.root / "run").write_bytes(data)
    found = scripts.fault(snapshot, "/run")
    assert (found.fault if found else None) == fault


def test_a_missing_interpreter_is_named_and_found_through_links(snapshot: Snapshot) -> None:
    (snapshot.root / "run").write_bytes(b"#!/opt/run -x\n")
    assert scripts.fault(snapshot, "/run") == Script("/run", "missing", "/opt/run")
    (snapshot.root / "opt").symlink_to("/bin")
    (snapshot.root / "bin/run").write_bytes(b"")
    assert scripts.fault(snapshot, "/run") is None


def test_no_more_is_read_than_the_kernel_looks_at_and_nothing_but_a_plain_file(snapshot: Snapshot) -> None:
    (snapshot.root / "run").write_bytes(b"#!/" + b"x" * 10_000)
    found = scripts.fault(snapshot, "/run")
    assert found is not None
    assert len(found.interpreter) == scripts.LONGEST_NAME
    os.mkfifo(snapshot.root / "pipe")
    assert scripts.fault(snapshot, "/pipe") is None
    with pytest.raises(FileNotFoundError):
        scripts.fault(snapshot, "/nothing")
