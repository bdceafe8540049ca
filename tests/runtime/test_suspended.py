"""The machine is suspended, or lets nothing of the backend run for a while: whose run was alive then is told how it
ended, nothing is left, and the backend serves at once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest

from sandbox.web.runs.run import PATIENCE
from support.backend import Backend, running
from support.client import new_host, run
from support.footprint import at_rest, settled
from support.recovery import end_of, living, serves_again

pytestmark = pytest.mark.container
SECONDS, STALLED = 1.0, 1.0
# longer than whoever waits for a run would wait
SUSPENDED = SECONDS + PATIENCE + 2 * STALLED + 1


@contextmanager
def suspended(backend: Backend) -> Iterator[None]:
    """Nothing of the backend, or of what runs in it, runs in the block."""
    stopped = backend.processes()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            # those that go on already may have ended it
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_a_machine_that_was_suspended_goes_on_where_it_was() -> None:
    settings = {"stalled_seconds": STALLED, "body_seconds": 1.0, "limits": {"seconds": SECONDS}}
    with running(settings) as own, ThreadPoolExecutor(1) as pool:
        host = new_host(own.url)
        run(own.url, "docker run alpine true", host)
        before = at_rest(own)
        with living(own.url, host, 3) as lives:
            with suspended(own):
                time.sleep(0.2)
                waiting = pool.submit(run, own.url, "docker run alpine echo late", host)
                time.sleep(SUSPENDED)
            assert {live.told() for live in lives} == {"exited 137 timeout"}
            assert end_of(waiting.result().events[-1]) == "exited 0 exit"
        serves_again(own, host)
        assert settled(own, before) == before
