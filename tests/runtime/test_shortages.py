"""The machine has no room, descriptors, processes or memory left for the backend: readers are told that it is our
fault, nothing is left, and five seconds after it is over runs go well."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import pace
from support.client import Result, new_host, run
from support.files import runs
from support.footprint import at_rest, settled
from support.recovery import end_of, living, serves_again
from support.shortage import Tight, no_descriptors, no_room, tight

pytestmark = pytest.mark.container


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tight]:
    with tight(tmp_path_factory.mktemp("tight")) as made:
        yield made


@pytest.fixture
def visitor(own: Tight) -> str:
    """Somebody who has the image."""
    host = new_host(own.backend.url)
    assert run(own.backend.url, "docker run alpine true", host).code == 0
    return host


def line(own: Tight, host: str, words: str = "docker run alpine echo hi") -> Result:
    return run(own.backend.url, words, host)


def test_without_room_an_image_does_not_come_and_one_that_is_there_runs(own: Tight, visitor: str) -> None:
    before = at_rest(own.backend)
    with no_room(own.disk):
        full = line(own, visitor, "docker pull busybox")
        assert end_of(full.events[-1]) == "failed no-space"
        assert "자리가 없어요" in full.events[-1]["text"]
        assert line(own, visitor).stdout == "hi\n"
    assert line(own, visitor, "docker pull busybox").code == 0
    assert settled(own.backend, before) == before


def test_a_runner_without_descriptors_says_that_it_is_our_fault(own: Tight, visitor: str) -> None:
    before = at_rest(own.backend)
    # it accepts what it is asked for, and that is all
    with no_descriptors(own.backend.pid_of("runner"), 1):
        assert end_of(line(own, visitor).events[-1]) in ("failed sandbox-failed", "failed runner-failed")
    serves_again(own.backend, visitor)
    assert settled(own.backend, before) == before


@pytest.mark.parametrize("name", ["runner", "web"])
def test_who_can_accept_nobody_answers_once_it_can(own: Tight, visitor: str, name: str) -> None:
    before = at_rest(own.backend)
    with ThreadPoolExecutor(1) as pool:
        with no_descriptors(own.backend.pid_of(name)):
            late = pool.submit(line, own, visitor)
            time.sleep(0.5)
            assert not late.done()
        begun = time.monotonic()
        assert late.result().stdout == "hi\n"
        assert time.monotonic() - begun < pace.seconds(5)
    assert settled(own.backend, before) == before


def test_a_web_process_without_descriptors_does_not_reach_the_runner_and_says_so(own: Tight, visitor: str) -> None:
    before = at_rest(own.backend)
    with no_descriptors(own.backend.pid_of("web"), 1):
        assert end_of(line(own, visitor).events[-1]) == "failed runner-lost"
    serves_again(own.backend, visitor)
    assert settled(own.backend, before) == before


def test_a_puller_without_descriptors_fails_its_pulls(own: Tight, visitor: str) -> None:
    before = at_rest(own.backend)
    with no_descriptors(own.backend.pid_of("puller")):
        assert end_of(line(own, visitor, "docker pull hello-world").events[-1]) == "failed puller-failed"
        assert line(own, visitor).stdout == "hi\n"
    serves_again(own.backend)
    assert line(own, visitor, "docker pull hello-world").code == 0
    assert settled(own.backend, before) == before


def test_what_dies_while_nothing_can_be_started_is_back_soon_after(own: Tight, visitor: str) -> None:
    before = at_rest(own.backend)
    with no_descriptors(own.backend.process.pid):
        os.kill(own.backend.pid_of("web"), signal.SIGKILL)
        time.sleep(1.5)
    serves_again(own.backend)
    assert settled(own.backend, before) == before


def test_without_processes_a_run_is_our_fault(own: Tight, visitor: str) -> None:
    before = at_rest(own.backend)
    with own.no_processes():
        # the first has a runtime that was started ahead
        ends = {end_of(line(own, visitor).events[-1]) for _ in range(3)}
        assert ends & {"failed sandbox-failed", "failed runner-failed"}
        assert ends <= {"failed sandbox-failed", "failed runner-failed", "exited 0 exit"}
    serves_again(own.backend, visitor)
    assert settled(own.backend, before) == before


def test_when_the_kernel_kills_for_want_of_memory_all_is_there_again_soon_after(own: Tight, visitor: str) -> None:
    before = at_rest(own.backend)
    victims = [own.backend.pid_of(name) for name in ("runner", "web")]
    with living(own.backend.url, visitor, 2) as lives:
        own.eat_memory(*victims)
        assert {live.told() for live in lives} <= {"failed runner-lost", "cut off"}
        assert not any(map(runs, victims))
    serves_again(own.backend)
    assert settled(own.backend, before) == before
