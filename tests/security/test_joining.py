"""Who is joined stands still until the one that comes is there: it neither stops nor reads what makes that one."""

from __future__ import annotations

import time

import pytest

from sandbox.docker.messages import SHARED_DISK
from support import narrow, pace
from support.backend import Backend
from support.client import Event, new_host, run
from support.disks import DISK
from support.footprint import at_rest, settled
from support.running_container import running_container

pytestmark = pytest.mark.container
JOIN = "docker run --pid=container:box alpine true"
# what comes is stopped for a look, for which no process is started: that would be too slow
OTHERS = "for p in /proc/[0-9]*; do p=${p#/proc/}; [ $p = 1 ] && continue; kill -STOP $p"
STOP = f"while :; do {OTHERS}; done; done"
READ = f"""while :; do {OTHERS};
while read -r line; do case $line in *OTHER*) echo $line;; esac; done </proc/$p/mountinfo; kill -CONT $p; done; done"""


@pytest.fixture
def host(narrow_backend: Backend) -> str:
    """A visitor who has the image."""
    made = new_host(narrow_backend.url)
    assert run(narrow_backend.url, "docker run alpine true", made).code == 0
    return made


def test_a_guest_on_its_way_does_not_show_what_the_machine_has_mounted(backend: Backend) -> None:
    owner, stranger, seen = new_host(backend.url), new_host(backend.url), list[Event]()
    run(backend.url, "docker run alpine true", owner)
    run(backend.url, "docker run alpine true", stranger)
    with running_container(backend.url, stranger) as other:
        # what else is mounted is the stranger's
        spy = f"sh -c 'exec 2>/dev/null; {READ.replace('OTHER', other[:16])}'"
        with running_container(backend.url, owner, command=spy, each=seen.append):
            ends: list[int | None] = []
            # it is watched for as long as half of what it has itself
            latest = time.monotonic() + 8
            while len(ends) < 25 and time.monotonic() < latest:
                ends.append(run(backend.url, JOIN, owner).code)
    assert set(ends) == {0}
    assert "".join(event["text"] for event in seen if event["type"] == "output") == ""


@pytest.mark.parametrize("namespace", ["pid", "network", "ipc"])
def test_attack_75_whose_disk_is_slow_is_joined_by_nobody(narrow_backend: Backend, host: str, namespace: str) -> None:
    before = at_rest(narrow_backend)
    with running_container(narrow_backend.url, host, f"--ipc shareable --device-read-bps {DISK}:2"):
        refused = run(narrow_backend.url, f"docker run --{namespace}=container:box alpine true", host)
    assert (refused.code, refused.reason) == (125, "not-started")
    assert SHARED_DISK in refused.stderr
    assert settled(narrow_backend, before) == before


def test_nobody_stops_a_guest_on_its_way(narrow_backend: Backend, host: str) -> None:
    before = at_rest(narrow_backend)
    for _ in range(4):
        with running_container(narrow_backend.url, host, command=f"sh -c 'exec 2>/dev/null; {STOP}'"):
            result = run(narrow_backend.url, JOIN, host)
        assert "started" in [event["type"] for event in result.events], result.events[-1]
    assert settled(narrow_backend, before) == before


def test_who_is_joined_all_the_time_still_ends_in_time(narrow_backend: Backend, host: str) -> None:
    before, told = at_rest(narrow_backend), list[Event]()
    with running_container(narrow_backend.url, host, command="sh -c 'while :; do :; done'", each=told.append):
        latest = time.monotonic() + narrow.seconds() + pace.seconds(5)
        while told[-1]["type"] != "exited" and time.monotonic() < latest:
            run(narrow_backend.url, JOIN, host)
    assert (told[-1]["type"], told[-1]["reason"]) == ("exited", "timeout")
    assert told[-1]["wall_ms"] < 1000 * (narrow.seconds() + pace.seconds(1.5))
    assert settled(narrow_backend, before) == before
