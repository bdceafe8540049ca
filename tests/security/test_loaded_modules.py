"""What each living process of the backend has loaded, asked of the processes themselves at their end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from support.backend import running, stop
from support.client import new_host, run
from support.imports import PROCESSES, is_in
from support.python_copy import copied

pytestmark = pytest.mark.container
# shutil loads these for itself
SHUTIL = {"bz2", "lzma", "zlib"}
MARK = "loaded modules: "
REPORT = f"""
import atexit, os, signal, sys

@atexit.register
def report():
    os.write(2, ("{MARK}" + " ".join([sys.orig_argv[3], *sys.modules]) + chr(10)).encode())

# whoever has no handler of its own would end without a word, and the runner kills a puller that closes its socket
signal.signal(signal.SIGTERM, lambda *_: (report(), os._exit(0)))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """For the module that a process was started with: all that it had loaded in the end."""
    python = copied(tmp_path_factory.mktemp("loaded"), REPORT)
    with running(python=str(python)) as own:
        host = new_host(own.url)
        assert run(own.url, "docker run alpine true", host).code == 0
        assert run(own.url, "docker run -m 8m --network bridge busybox sh -c 'exit 3'", host).code == 3
        # the runner would kill it
        os.kill(own.pid_of("puller"), signal.SIGTERM)
        while f"{MARK}sandbox.images.puller" not in own.log.read_text():
            time.sleep(0.05)
        assert stop(own) == 0
        return dict(_reported(own.log.read_text()))


def _reported(log: str) -> Iterator[tuple[str, set[str]]]:
    for line in log.splitlines():
        if line.startswith(MARK):
            start, *modules = line.removeprefix(MARK).split()
            yield start, set(modules)


@pytest.mark.parametrize("process", PROCESSES)
def test_a_living_process_has_not_loaded_what_it_must_not_know(process: str, loaded: dict[str, set[str]]) -> None:
    start, never = PROCESSES[process]
    assert start in loaded
    assert not {name for name in loaded[start] - SHUTIL for one in never.split() if is_in(name, one)}
