"""A container is begun before anybody asks for one: used once, replaced at once, and gone with its backend."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import footprint, pace
from support.backend import Backend, running
from support.client import Event, new_host, run
from support.files import runs, text_of
from support.running_container import running_container

pytestmark = pytest.mark.container
SECONDS = 5.0
# where a program may write
LEFT = "/ /tmp /root /var/tmp /dev /dev/shm"


def waiting(backend: Backend) -> set[int]:
    """The runtimes below the backend that wait for their configuration."""
    found = set()
    for pid in backend.processes():
        argv = text_of(Path(f"/proc/{pid}/cmdline")).split("\0")
        if "create" in argv and "--bundle" in argv:
            found.add(pid)
    return found


def settled(backend: Backend, count: int) -> set[int]:
    """Those that wait, once there are `count` of them and they stay the same for longer than a clean-up takes."""
    deadline = time.monotonic() + pace.seconds(SECONDS)
    before: set[int] = set()
    while time.monotonic() < deadline:
        now = waiting(backend)
        if len(now) == count and now == before:
            break
        before = now
        time.sleep(0.15)
    return before


def replaced(backend: Backend, before: set[int]) -> bool:
    """Whether there is one spare again, and another one."""
    deadline = time.monotonic() + pace.seconds(SECONDS)
    while time.monotonic() < deadline:
        now = waiting(backend)
        if len(now) == 1 and not now & before:
            return True
        time.sleep(0.02)
    return False


def gone(pid: int) -> bool:
    """Whether a process that was killed has ended: that takes until it has the processor once more."""
    deadline = time.monotonic() + pace.seconds(SECONDS)
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not runs(pid)


@pytest.fixture(scope="module")
def used() -> Iterator[Backend]:
    """A backend of these tests' own, that has run something; the last of them kills its runner."""
    with running() as backend:
        run(backend.url, "docker run alpine true", new_host(backend.url))
        yield backend


def test_each_run_takes_the_prestarted_and_leaves_a_new_one(used: Backend) -> None:
    before = settled(used, 1)
    result = run(used.url, "docker run alpine hostname", new_host(used.url))
    assert result.stdout.strip() == result.event("created")["container"][:12]
    assert len(before) == 1
    assert replaced(used, before)


def test_esc_18_a_container_begun_while_another_ran_has_nothing_of_it(used: Backend) -> None:
    host, before = new_host(used.url), settled(used, 1)
    begun: set[int] = set()

    def look(event: Event) -> None:
        if event["type"] == "output":
            begun.update(settled(used, 1))

    leave = f"for place in {LEFT}; do echo mine >$place/left-behind; done; (setsid sleep 300 &); echo left; sleep 2"
    assert run(used.url, f"docker run alpine sh -c '{leave}'", host, each=look).stdout == "left\n"
    assert len(begun) == 1
    assert not begun & before
    look_for = "find / -path /proc -prune -o -name left-behind -print; ps -o args | grep -c [s]leep"
    found = run(used.url, f"docker run alpine sh -c '{look_for}'", host)
    assert (found.stdout, found.stderr) == ("0\n", "")
    assert replaced(used, begun)


def test_a_run_with_a_terminal_leaves_the_prestarted_alone(used: Backend) -> None:
    before = settled(used, 1)
    result = run(used.url, "docker run -t alpine tty", new_host(used.url))
    assert result.stdout.strip() == "/dev/pts/0"
    assert settled(used, 1) == before


def test_a_run_that_never_starts_leaves_a_new_prestarted_too(used: Backend) -> None:
    before = settled(used, 1)
    assert run(used.url, "docker run --user nobody-there alpine true", new_host(used.url)).code == 125
    assert replaced(used, before)


def test_a_prestarted_that_was_killed_costs_no_run(used: Backend) -> None:
    host = new_host(used.url)
    run(used.url, "docker run alpine true", host)
    before = settled(used, 1)
    resting = footprint.at_rest(used)
    (prestarted,) = before
    os.kill(prestarted, signal.SIGKILL)
    assert gone(prestarted)
    assert run(used.url, "docker run alpine echo well", host).stdout == "well\n"
    assert replaced(used, before)
    assert run(used.url, "docker run alpine echo again", host).stdout == "again\n"
    assert footprint.settled(used, resting) == resting


def test_the_prestarted_ends_with_a_runner_that_is_killed(used: Backend) -> None:
    (prestarted,) = settled(used, 1)
    os.kill(used.pid_of("runner"), signal.SIGKILL)
    assert gone(prestarted)


def test_life_14_neither_the_prestarted_nor_one_that_does_nothing_keeps_the_only_place() -> None:
    seconds = pace.seconds(1)
    with running({"slots": 1, "limits": {"seconds": seconds}}) as backend:
        host = new_host(backend.url)
        run(backend.url, "docker run alpine true", host)
        # a terminal needs a runtime of its own, beside the prestarted one
        for options in ("-t", "", "-t"):
            assert len(settled(backend, 1)) == 1
            kinds = [event["type"] for event in run(backend.url, f"docker run {options} alpine true", host).events]
            assert kinds[-1] == "exited"
            assert "queued" not in kinds
        with running_container(backend.url, host, command="sleep 300"):
            begun = time.monotonic()
            waited = run(backend.url, "docker run alpine echo mine", host)
        assert (waited.event("queued")["position"], waited.stdout) == (1, "mine\n")
        assert time.monotonic() - begun < seconds + pace.seconds(2)
