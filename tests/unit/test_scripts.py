"""What is wrong with a file that the kernel did not execute, by its first bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox.model.image import Config
from sandbox.model.plan import Plan
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
        ("\ufeff#!/bin/sh\r\n".encode("utf-16-le"), "bom"),
        ("\ufeff#!/bin/sh\n".encode("utf-16-be"), "bom"),
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


def started(snapshot: Snapshot, *args: str, entrypoint: str = "", path: str = "/opt:/bin") -> Script | None:
    """Return what is wrong with the program of a run that has ended with 127."""
    plan = Plan(image="x", args=args, env=(f"PATH={path}",))
    return scripts.of_run(snapshot, plan, Config(entrypoint=(entrypoint,) if entrypoint else (), workdir="/srv"), None)


@pytest.mark.parametrize(
    ("first", "found"),
    [
        ("#!/bin/env bash", Script("/bin/run", "missing", "bash")),
        ("#!/bin/env -S bash -e", Script("/bin/run", "missing", "bash")),
        ("#! /bin/env  A=b python3", Script("/bin/run", "missing", "python3")),
        ("#!/bin/env sh\r", Script("/bin/run", "crlf")),
        ("#!/bin/env sh", None),
        ("#!/bin/env -i sh", None),
        ("#!/bin/env", None),
        ("#!/bin/sh bash", None),
    ],
)
def test_what_env_starts_in_its_place_is_looked_for_as_well(
    snapshot: Snapshot, first: str, found: Script | None
) -> None:
    (snapshot.root / "bin/env").write_bytes(b"")
    (snapshot.root / "bin/run").write_bytes(f"{first}\n".encode())
    assert started(snapshot, "run") == found


def test_the_program_of_a_run_is_found_as_a_shell_finds_it(snapshot: Snapshot) -> None:
    for folder in ("opt", "srv"):
        (snapshot.root / folder).mkdir()
        (snapshot.root / folder / "run").write_bytes(b"#!/bin/sh\r\n")
    assert started(snapshot, "run") == started(snapshot, entrypoint="run") == Script("/opt/run", "crlf")
    assert started(snapshot, "./run", "/opt/run") == Script("/srv/./run", "crlf")
    assert started(snapshot, "run", path="/bin") is None
    assert started(snapshot, "run", path=":/bin") == Script("/srv/run", "crlf")
    assert started(snapshot, "sh", "-c", "run") is None


def test_so_many_folders_are_looked_in_and_not_one_more(snapshot: Snapshot) -> None:
    (snapshot.root / "bin/run").write_bytes(b"#!/bin/sh\r\n")
    most = ":".join(["/a"] * (scripts.MOST_FOLDERS - 1) + ["/bin"])
    assert started(snapshot, "run", path=most)
    assert started(snapshot, "run", path=f"/a:{most}") is None
