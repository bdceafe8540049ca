"""A backend that has begun, and then can start nothing: it says so at once, loses no place, and goes on when it can."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import forks, pace
from support.backend import Backend, running
from support.client import call, new_host, run
from support.footprint import at_rest, settled

pytestmark = pytest.mark.container
SLOTS = 2


@pytest.fixture(scope="module")
def crun() -> Iterator[Path]:
    """A copy of the runtime that may be taken away."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copy(shutil.which("crun") or "crun", folder))


@pytest.fixture(scope="module")
def own(crun: Path) -> Iterator[Backend]:
    """A backend whose runtime that is."""
    with running({"crun": str(crun), "slots": SLOTS}) as backend:
        yield backend


def test_life_07_a_runtime_that_is_taken_away_is_not_missed(own: Backend, crun: Path) -> None:
    host = new_host(own.url)
    crun.rename(crun.with_name("taken"))
    try:
        # with a terminal each needs a runtime of its own
        for options in ("", "", "-t"):
            assert run(own.url, f"docker run {options} alpine echo hi", host).stdout.split() == ["hi"]
    finally:
        crun.with_name("taken").rename(crun)


def test_life_07_what_cannot_be_started_is_said_at_once_and_keeps_no_place(own: Backend) -> None:
    host = new_host(own.url)
    run(own.url, "docker run alpine true", host)
    before = at_rest(own)
    with forks.none(own):
        # for the first one there may be a runtime that was prestarted
        run(own.url, "docker run alpine true", host)
        runs = ["docker run alpine true"] * (2 * SLOTS + 1) + ["docker run -t alpine true"]
        for line, code in [*((line, "sandbox-failed") for line in runs), ("docker pull busybox", "store-failed")]:
            begun = time.monotonic()
            last = run(own.url, line, host).events[-1]
            assert time.monotonic() - begun < pace.seconds(1)
            assert (last["type"], last["code"]) == ("failed", code), last
    assert call(own.url, "GET", "/v1/health")[1]["status"] == "ok"
    assert run(own.url, "docker run alpine echo again", host).stdout == "again\n"
    assert run(own.url, "docker run busybox echo again", host).stdout == "again\n"
    assert settled(own, before) == before
