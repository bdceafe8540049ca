"""Whatever is killed in the middle of its work: its readers are told, nothing is left, and five seconds later the
backend serves again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime import test_prestarted as prestarted
from support import pace
from support.backend import Backend, running, start_again
from support.client import new_host, run
from support.files import runs, text_of
from support.footprint import at_rest, settled
from support.recovery import end_of, living, serves_again

pytestmark = pytest.mark.container
OURS = ("runner", "web", "puller", "registry")


@pytest.fixture(scope="module")
def own() -> Iterator[Backend]:
    with running({"slots": 20}) as started:
        yield started


@pytest.fixture
def visitor(own: Backend) -> str:
    """Somebody who has the image."""
    host = new_host(own.url)
    assert run(own.url, "docker run alpine true", host).code == 0
    return host


def test_the_web_process_is_killed_in_the_middle_of_runs(own: Backend, visitor: str) -> None:
    before = at_rest(own)
    with living(own.url, visitor, 3) as lives:
        os.kill(own.pid_of("web"), signal.SIGKILL)
        assert {live.told() for live in lives} == {"cut off"}
        serves_again(own)
    assert settled(own, before) == before


@pytest.mark.parametrize(
    ("name", "told"),
    [("puller", "failed puller-failed"), ("registry", "exited 0 exit")],
)
def test_what_images_come_through_is_killed_while_one_comes(own: Backend, visitor: str, name: str, told: str) -> None:
    before = at_rest(own)
    registry = own.pid_of("registry")
    os.kill(registry, signal.SIGSTOP)
    with living(own.url, visitor, 1) as (other,), ThreadPoolExecutor(1) as pool:
        pull = pool.submit(run, own.url, "docker pull busybox", new_host(own.url))
        # it waits for the registry by then
        time.sleep(pace.seconds(0.3))
        os.kill(own.pid_of(name), signal.SIGKILL)
        if name != "registry":
            os.kill(registry, signal.SIGCONT)
        assert end_of(pull.result().events[-1]) == told
        # who has the image does not hear of it
        assert run(own.url, "docker run alpine echo there", visitor).stdout == "there\n"
        assert runs(other.pid)
        serves_again(own)
    assert settled(own, before) == before


def test_the_runtime_is_killed_while_it_makes_a_container(own: Backend, visitor: str) -> None:
    before = at_rest(own)
    (runtime,) = prestarted.settled(own, 1)
    os.kill(runtime, signal.SIGSTOP)
    with living(own.url, visitor, 0), ThreadPoolExecutor(1) as pool:
        made = pool.submit(run, own.url, "docker run alpine true", visitor)
        given(own)
        os.kill(runtime, signal.SIGKILL)
        assert end_of(made.result().events[-1]) == "failed sandbox-failed"
    serves_again(own, visitor)
    assert settled(own, before) == before


def given(backend: Backend) -> None:
    """Wait until a runtime has its configuration, which replaces the FIFO that it reads first."""
    deadline = time.monotonic() + pace.seconds(5)
    while not any(path.is_file() for path in backend.runtime.glob("bundles/*/config.json")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("containers", [True, False], ids=["with the containers", "without the containers"])
def test_everything_is_killed_with_twenty_runs_alive(own: Backend, visitor: str, containers: bool) -> None:
    before, family = at_rest(own), own.processes()
    with living(own.url, visitor, 20) as lives:
        killed = own.processes() if containers else [own.process.pid, *map(own.pid_of, OURS)]
        # none of them hears of another's end
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in killed:
                os.kill(pid, number)
        own.process.wait()
        assert {live.told() for live in lives} == {"cut off"}
        begun = time.monotonic()
        start_again(own)
        serves_again(own)
        assert time.monotonic() - begun < pace.seconds(5)
        assert not [live.pid for live in lives if runs(live.pid)]
    assert not set(family) & set(own.processes())
    assert settled(own, before) == before
    assert str(own.runtime) not in text_of(Path("/proc/self/mountinfo"))
