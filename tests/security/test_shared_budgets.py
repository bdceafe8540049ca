"""Budgets that belong to the whole machine: one run takes nothing of them from others."""

from __future__ import annotations

import errno
import time
from pathlib import Path

import pytest

from sandbox.linux import processes
from sandbox.model.plan import HELD
from support import pace
from support.arena import attack, attacking, numbers, visitor
from support.backend import Backend
from support.client import Docker

pytestmark = pytest.mark.container
NEIGHBOURS = Path("/proc/net/stat/arp_cache")
LIMITS = {
    "Max locked memory": "memlock",
    "Max msgqueue size": "msgqueue",
    "Max nice priority": "nice",
    "Max realtime priority": "rtprio",
    "Max pending signals": "sigpending",
    "Max core file size": "core",
}


def neighbours(column: str) -> int:
    """A figure of the machine's table of neighbours; the first column is of all processors, the others of each."""
    head, *rows = (line.split() for line in NEIGHBOURS.read_text().splitlines())
    numbers_of = [int(row[head.index(column)], 16) for row in rows]
    return numbers_of[0] if column == "entries" else sum(numbers_of)


def test_neighbours_that_are_not_there_fill_no_table_of_the_machine(arena: Backend) -> None:
    before, other = neighbours("table_fulls"), visitor(arena)
    with attacking(arena, "neighbours eth0 3", "--network bridge") as taking:
        time.sleep(pace.seconds(0.5))
        during = neighbours("entries")
        assert attack(arena, "oom", "--network bridge", other).code == 0
    assert numbers(taking.result())["sent"] > 1000
    assert during < 512
    assert neighbours("table_fulls") == before


def test_labels_of_flows_are_not_to_be_had(arena: Backend) -> None:
    assert numbers(attack(arena, "labels 0.1")) == {"labels": 0, "errno": errno.EPERM}


def test_the_kernel_measures_the_machines_pressure_for_nobody(arena: Backend) -> None:
    found = numbers(attack(arena, "hold pressure 20 0.1"))
    assert (found["made"], found["errno"]) in [(0, errno.EROFS), (0, errno.ENOENT)]


def test_whoever_is_killed_for_its_memory_again_and_again_is_ended(arena: Backend) -> None:
    result = attack(arena, "kills 6", "--memory 6m")
    assert "too-many-kills" in [event["code"] for event in result.events if event["type"] == "notice"]
    assert (result.code, result.reason) == (137, "signal")


def test_a_run_that_is_killed_for_its_memory_a_few_times_goes_on(docker: Docker) -> None:
    script = "for n in 1 2 3; do tail /dev/zero; done; echo on"
    assert docker(f"docker run --memory 8m alpine sh -c '{script}'").stdout == "on\n"


def test_huge_pages_and_merged_ones_are_not_to_be_had(arena: Backend) -> None:
    expected = {"mapped": errno.ENOMEM, "file": errno.ENOMEM, "merged": errno.EINVAL}
    assert numbers(attack(arena, "pages")) == expected


def test_neither_a_better_nor_a_worse_place_at_the_processor_is_to_be_had(arena: Backend) -> None:
    found = numbers(attack(arena, "bargains"))
    assert (found.pop("core"), found.pop("hash")) == (errno.EPERM, errno.EPERM)
    # what is asked for is answered as if it were done
    assert found == dict.fromkeys(("fifo", "nice", "last", "idle", "class", "place"), 0)


def test_the_limits_of_a_process_are_the_ones_that_it_is_given(docker: Docker) -> None:
    rows = docker("docker run alpine cat /proc/self/limits").stdout.splitlines()[1:]
    columns = [(row[:25].strip(), row[26:46].strip(), row[47:67].strip()) for row in rows]
    found = {LIMITS[name]: (soft, hard) for name, soft, hard in columns if name in LIMITS}
    own = processes.within_own(HELD)
    assert found == {name: (str(own[name]), str(own[name])) for name in LIMITS.values()}
