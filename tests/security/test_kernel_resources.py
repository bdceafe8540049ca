"""What the kernel counts outside a container's cgroup, or for the whole machine: attacked for real, from inside one.

The attacks are in the folder `attack`; each test is named by its number in the list of attacks that once got somewhere.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import pace
from support.arena import LITTLE, MIB, SLACK, attack, attacking, least_peak, line, numbers, visitor
from support.backend import Backend
from support.client import new_host, run

pytestmark = pytest.mark.container
SYS_RESOURCE = 24


def test_attack_1_writers_that_go_on_after_the_end_hold_nobody_up(arena: Backend) -> None:
    host, quiet = new_host(arena.url), new_host(arena.url)
    run(arena.url, line(LITTLE), quiet)
    donor: list[str] = []
    begun = threading.Event()

    def note(event: dict[str, object]) -> None:
        if event["type"] == "created":
            donor.append(str(event["container"]))
        if event["type"] == "started":
            begun.set()

    with ThreadPoolExecutor(2) as pool:
        own = pool.submit(run, arena.url, line("watch /tmp 6"), host, each=note)
        assert begun.wait(pace.seconds(10))
        attacks = pool.submit(attack, arena, "writers 58 5", f"--pid container:{donor[0]}", host)
        longest, end = 0.0, time.monotonic() + 4
        while time.monotonic() < end:
            before = time.monotonic()
            assert run(arena.url, line(LITTLE), quiet).code == 0
            longest = max(longest, time.monotonic() - before)
        attacks.result()
        own.result()
    assert longest < pace.seconds(1.5), longest


def test_attack_3_an_old_name_of_packet_sockets_is_refused(arena: Backend) -> None:
    assert numbers(attack(arena, "packet")) == {"errno": errno.EPERM}


@pytest.mark.parametrize("words", ["acls /dev/shm 2000 1", "acls /tmp 2000 1", "locks /tmp/x 4000000 4"])
def test_attack_4_what_no_limit_counts_cannot_be_had_without_end(arena: Backend, words: str) -> None:
    assert least_peak(arena, words) < 32 * MIB + SLACK


@pytest.mark.parametrize("words", ["raw 30 2", "raws 40 3", "udp 1000 3"])
def test_attack_4_queues_of_sockets_do_not_fill_the_machines_memory(arena: Backend, words: str) -> None:
    assert least_peak(arena, words) < 32 * MIB + SLACK


@pytest.mark.parametrize("words", ["raws 40 5", "pings 2 5", "netlink 2 5"])
def test_attack_4_many_sockets_whose_queues_nothing_counts_end_the_run(arena: Backend, words: str) -> None:
    result = attack(arena, words, "--memory 32m")
    assert result.event("notice")["code"] == "too-many-sockets"
    assert result.code == 137


def test_attack_4_the_score_that_the_kernel_kills_by_cannot_be_lowered(arena: Backend) -> None:
    # the kernel takes the least one only from a writer who has this, as a backend in a container may not
    capable = int(re.findall(r"CapEff:\s*(\w+)", Path("/proc/self/status").read_text())[0], 16) >> SYS_RESOURCE & 1
    assert numbers(attack(arena, "oom")) == {"lowered": 0 if capable else 1}


def test_attack_5_one_takes_all_the_inotify_instances_it_can_and_others_have_theirs(arena: Backend) -> None:
    other = visitor(arena)
    with attacking(arena, "inotify 2") as taken, attacking(arena, "inotify 1", host=other) as others:
        # what the machine's own root has
        own = ctypes.CDLL(None).inotify_init()
        assert own >= 0
        os.close(own)
    assert numbers(taken.result()) == numbers(others.result())
    assert 0 < numbers(taken.result())["instances"] <= 32


@pytest.mark.parametrize(("options", "error"), [("", errno.EACCES), ("-t", errno.ENOSPC)])
def test_attack_5_a_container_has_its_own_terminal_and_makes_no_other(arena: Backend, options: str, error: int) -> None:
    assert numbers(attack(arena, "terminals 0", options)) == {"terminals": 0, "errno": error}
    assert attack(arena, "oom", "-t").code == 0


def test_attack_5_no_filter_is_compiled_for_a_container(arena: Backend) -> None:
    refused = numbers(attack(arena, "filters"))
    assert set(refused) == {"socket", "reuseport", "prctl", "prctl-high", "seccomp"}
    assert set(refused.values()) == {errno.EPERM}


def test_attack_6_a_wish_to_write_out_all_disks_is_not_carried_out(arena: Backend) -> None:
    found = numbers(attack(arena, "sync /etc/hosts"))
    assert found["errno"] == 0
    assert found["milliseconds"] < 50


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"])
def test_attack_7_a_lock_on_a_device_is_on_ones_own(arena: Backend, path: str) -> None:
    other = visitor(arena)
    with attacking(arena, f"flock {path} 1") as held:
        assert numbers(attack(arena, f"flock {path} 0", host=other)) == {"errno": 0}
        with Path(path).open() as own:
            fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert numbers(held.result()) == {"errno": 0}


@pytest.mark.parametrize("path", ["/sbin/docker-init", "/proc/self/fd/0", "/etc/hosts", "/attack"])
def test_attack_7_a_lock_on_what_is_bound_or_shared_is_on_ones_own(arena: Backend, path: str) -> None:
    other = visitor(arena)
    with attacking(arena, f"flock {path} 1", "--init") as held:
        assert numbers(attack(arena, f"flock {path} 0", "--init", other)) == {"errno": 0}
    assert numbers(held.result()) == {"errno": 0}


def test_attack_7_a_watch_sees_ones_own_alone(arena: Backend) -> None:
    other = visitor(arena)
    with attacking(arena, "watch /dev/null 1") as watching:
        attack(arena, "flock /dev/null 0", host=other)
        Path("/dev/null").write_text("x")
    assert numbers(watching.result()) == {"watch": 0, "seen": 0}


def test_attack_43_whoever_reads_the_output_of_a_run_signals_nobody(arena: Backend) -> None:
    assert numbers(attack(arena, "signalled 2 0.3")) == {"signalled": 0}


def test_attack_46_whoever_waits_for_one_descriptor_by_very_many_is_ended(arena: Backend) -> None:
    result = attack(arena, "awaited 30 6")
    assert (result.event("notice")["code"], result.code) == ("too-many-files", 137)
    assert numbers(attack(arena, "awaited 4 1")) == {"waiting": 40_000}
