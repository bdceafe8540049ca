"""A run that lasts is also told as the machine sees it: its own processes, and nothing else of the machine."""

from __future__ import annotations

import os

import pytest

from support import pace
from support.client import Docker, Event

pytestmark = pytest.mark.container
MOST_EVENTS = 20
MOST_PROCESSES = 16


@pytest.fixture(scope="module")
def nap() -> str:
    """A command that lasts long enough here to be looked at."""
    return f"sleep {max(0.5, pace.seconds(0.1)):.1f}"


def views(docker: Docker, line: str) -> tuple[list[Event], Event]:
    events = docker(line).events
    started = next(event for event in events if event["type"] == "started")
    return [event for event in events if event["type"] == "inspection"], started


def test_the_first_process_is_seen_from_both_sides(docker: Docker, nap: str) -> None:
    found, started = views(docker, f"docker run alpine sh -c 'ps; {nap}; :'")
    first = found[0]["processes"][0]
    assert (first["pid"], first["pid_inside"]) == (started["pid"], 1)
    assert (first["uid_inside"], first["gid_inside"]) == (0, 0)
    assert found[0]["uid_map"] == [0, first["uid"], 65_536]
    assert first["uid"] == first["gid"] > 65_535
    assert first["namespaces"] == started["namespaces"]
    assert first["command"] == f"sh -c ps; {nap}; :"


def test_a_process_that_is_its_child_has_the_same_namespaces(docker: Docker, nap: str) -> None:
    found, _ = views(docker, f"docker run alpine sh -c '{nap}; :'")
    shell, sleep = found[0]["processes"]
    assert (sleep["command"], sleep["namespaces"]) == (nap, shell["namespaces"])
    assert sleep["pid_inside"] > 1


def test_its_confinement_is_told(docker: Docker, nap: str) -> None:
    (one, *_), started = views(docker, f"docker run --cap-drop ALL alpine {nap}")
    assert (one["capabilities"], one["seccomp"], one["no_new_privs"]) == ([], "filter", True)
    assert {group.partition(":")[2] for group in one["cgroups"]} == {started["cgroup"]}
    assert " / / " in one["root"]
    assert "upperdir=/" in one["root"]
    assert "/run" not in one["root"]
    (default, *_), _ = views(docker, f"docker run alpine {nap}")
    assert "CAP_CHOWN" in default["capabilities"]
    assert "CAP_SYS_ADMIN" not in default["capabilities"]


def test_another_user_is_seen_as_another_number(docker: Docker, nap: str) -> None:
    (one, *_), _ = views(docker, f"docker run --user 1000:1001 alpine {nap}")
    process = one["processes"][0]
    assert (process["uid_inside"], process["gid_inside"]) == (1000, 1001)
    assert (process["uid"], process["gid"]) == (one["uid_map"][1] + 1000, one["uid_map"][1] + 1001)


def test_it_is_told_again_only_when_it_changes(docker: Docker) -> None:
    still, _ = views(docker, "docker run alpine sleep 0.6")
    assert len(still) == 1
    changing, _ = views(docker, "docker run alpine sh -c 'sleep 0.4; sleep 0.41; :'")
    assert [one["processes"][-1]["command"] for one in changing] == ["sleep 0.4", "sleep 0.41"]


def test_a_run_that_ends_at_once_has_none(docker: Docker) -> None:
    assert views(docker, "docker run alpine true")[0] == []


def test_it_is_bounded(docker: Docker) -> None:
    script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 1 & done; sleep 0.5"
    found, _ = views(docker, f"docker run alpine sh -c '{script}'")
    assert len(found[-1]["processes"]) == MOST_PROCESSES
    assert max(one["more"] for one in found) == 21 - MOST_PROCESSES
    busy, _ = views(docker, "docker run alpine sh -c 'i=0; while [ $i -lt 50 ]; do i=$((i+1)); sleep 0.07; done'")
    assert len(busy) <= MOST_EVENTS


def test_a_command_can_be_neither_long_nor_control_a_terminal(docker: Docker) -> None:
    script = 'sh -c "sleep 0.4; :" "$(printf "\\033[31m%0900d" 0)"'
    (one, *_), _ = views(docker, f"docker run alpine sh -c '{script}'")
    commands = [process["command"] for process in one["processes"]]
    assert all(len(command) <= 200 and command.isprintable() for command in commands)
    assert any("\ufffd[31m000" in command for command in commands)


def test_only_processes_of_the_run_are_listed(docker: Docker, nap: str) -> None:
    found, started = views(docker, f"docker run alpine {nap}")
    assert [one["pid"] for one in found[0]["processes"]] == [started["pid"]]
    assert str(os.getpid()) not in {str(one["pid"]) for one in found[0]["processes"]}
