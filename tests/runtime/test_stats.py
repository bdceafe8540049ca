"""A run that lasts tells what it uses, as the kernel counts it; one that does not last tells nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest

from support.client import Docker, Event

pytestmark = pytest.mark.container
# the first process of a container would not hear the signal that `timeout` sends
SPIN = """sh -c "timeout 1 sh -c 'while :; do :; done'; true\""""


def readings(docker: Docker, line: str) -> list[Event]:
    return [event for event in docker(line).events if event["type"] == "stats"]


def test_readings_come_one_after_the_other(docker: Docker) -> None:
    found = readings(docker, "docker run --memory 64m alpine sleep 1.05")
    assert len(found) > 2
    # one may come late, and the next in time
    assert found[-1]["at"] - found[0]["at"] > 0.05 * (len(found) - 1)
    assert all(sooner["at"] < later["at"] for sooner, later in pairwise(found))
    # the last one may be of a program that has just ended
    *before, _ = found
    assert {(one["memory_limit"], one["pids"]) for one in before} == {(67_108_864, 1)}
    assert all(0 < one["memory_bytes"] < 67_108_864 for one in before)


def test_a_short_run_has_none(docker: Docker) -> None:
    assert readings(docker, "docker run alpine true") == []


def test_a_throttled_processor_is_seen(docker: Docker) -> None:
    last = readings(docker, f"docker run --cpus 0.1 alpine {SPIN}")[-1]
    # beside others it may come to its share late, and then is held back for less long
    assert last["throttled_ms"] > 0
    assert last["cpu_ms"] > 10


def test_processes_are_counted(docker: Docker) -> None:
    found = readings(docker, "docker run alpine sh -c 'sleep 0.5 & sleep 0.5 & wait'")
    assert max(one["pids"] for one in found) == 3


def test_what_a_container_sends_to_itself_is_no_traffic(docker: Docker) -> None:
    last = readings(docker, "docker run alpine ping -c 2 -s 20000 127.0.0.1")[-1]
    assert last["received_bytes"] == last["sent_bytes"] == 0
