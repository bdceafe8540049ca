"""What a run needs done in its user namespace takes one process of the runner's, however much that is."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from sandbox.linux import namespaces
from support.client import Docker

pytestmark = pytest.mark.container
LIMITS = " ".join(
    [f"--ulimit {name}=0" for name in ("memlock", "msgqueue", "sigpending", "nice", "rtprio", "rttime")]
    + [f"--ulimit {name}=100000000" for name in ("cpu", "data", "fsize", "locks", "rss", "stack")]
    + ["--ulimit nofile=100:101", "--ulimit nproc=50"]
)


@pytest.fixture
def space() -> Iterator[int]:
    """A user namespace."""
    made = namespaces.user_namespace(0, 1_000_000)
    yield made
    os.close(made)


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that are forked."""
    made: list[int] = []
    fork = os.fork

    def noted() -> int:
        made.append(fork())
        return made[-1]

    monkeypatch.setattr(os, "fork", noted)
    return made


def adding(file: Path, text: str) -> Callable[[], object]:
    def add() -> None:
        with file.open("a") as opened:
            opened.write(f"{text} {Path('/proc/self/uid_map').read_text().split()[1]}\n")

    return add


def failing(number: int) -> None:
    raise OSError(number, os.strerror(number))


def test_all_works_are_done_in_one_process_in_there(space: int, forks: list[int], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o666)
    before = len(list(Path("/proc/self/fd").iterdir()))
    namespaces.within_user_namespace(space, [adding(file, str(number)) for number in range(15)])
    assert file.read_text().splitlines() == [f"{number} 1000000" for number in range(15)]
    assert len(forks) == 1
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_one_that_fails_is_told_and_none_is_tried_after_it(space: int, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    works: list[Callable[[], object]] = [adding(file, "first"), partial(failing, errno.EPERM), adding(file, "last")]
    with pytest.raises(namespaces.StoppedError) as found:
        namespaces.within_user_namespace(space, works)
    assert (found.value.errno, found.value.done) == (errno.EPERM, 1)
    assert [line.split()[0] for line in file.read_text().splitlines()] == ["first"]


def test_a_program_has_all_limits_that_its_line_names(docker: Docker) -> None:
    result = docker(f"docker run {LIMITS} alpine cat /proc/self/limits")
    shown = {line[:26].strip(): line[26:].split()[:2] for line in result.stdout.splitlines()}
    assert shown["Max open files"] == ["100", "101"]
    assert shown["Max processes"] == ["50", "50"]
    assert shown["Max pending signals"] == ["0", "0"]
    assert shown["Max stack size"] == ["100000000", "100000000"]
