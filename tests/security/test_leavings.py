"""What a run leaves with one that it has something in common with: when it has ended, it still counts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from sandbox.docker.messages import SHARED_DISK
from support import pace
from support.arena import MIB, attack, attacking, numbers, visitor
from support.backend import Backend
from support.client import new_host, run
from support.files import children, text_of
from support.footprint import at_rest, backing_files, settled
from support.running_container import running_container

pytestmark = pytest.mark.container
EACH, RUNS = 24, 8
# the limits of two runs, as one begins while the other is being ended, and what those that join have besides
MOST = 2 * 32 * MIB + 16 * MIB


def kept(arena: Backend, words: str, options: str) -> int:
    """The bytes that a companion holds of runs that have ended."""
    host = visitor(arena)
    with attacking(arena, "keep 6", "--name keeper --ipc shareable", host) as keeper:
        for _ in range(RUNS):
            attack(arena, words, f"--network container:keeper {options}", host)
    return numbers(keeper.result())["kept"]


@pytest.mark.parametrize("words", [f"leave memory {EACH}", f"leave /left {EACH}"])
def test_attack_17_a_companion_holds_no_more_of_ended_runs_than_one_may_have(arena: Backend, words: str) -> None:
    assert EACH * MIB <= kept(arena, words, "--memory 32m") <= MOST


def test_attack_18_a_run_that_joins_another_has_no_disk_to_leave(arena: Backend) -> None:
    host, slow = visitor(arena), "--device-write-bps /dev/loop0:1gb"
    with attacking(arena, "keep 4", "--name keeper", host) as keeper:
        refused = [attack(arena, "leave /left 1", f"--network container:keeper {slow}", host) for _ in range(3)]
        held = backing_files(arena)
    assert [(one.code, SHARED_DISK in one.stderr) for one in refused] == [(125, True)] * 3
    assert (held, numbers(keeper.result())["kept"]) == ([], 0)


def orphans() -> int:
    """The machine's connections that are nobody's any more."""
    (row,) = (row.split() for row in Path("/proc/net/sockstat").read_text().splitlines() if row.startswith("TCP:"))
    return int(row[row.index("orphan") + 1])


def test_attack_19_connections_of_ended_runs_are_soon_gone(arena: Backend) -> None:
    host, made = visitor(arena), 300
    before = orphans()
    with attacking(arena, "silent 8", "--network bridge", host):
        assert numbers(attack(arena, f"lasting 172.17.0.2 {made}", "--network bridge", host)) == {"made": made}
        end = time.monotonic() + pace.seconds(15)
        while (left := orphans() - before) > made / 10 and time.monotonic() < end:
            time.sleep(0.1)
    assert left <= made / 10


def zombies(pids: Iterable[int]) -> int:
    """How many of these processes have ended, and nobody has waited for them."""
    return sum("\nState:\tZ" in text_of(Path(f"/proc/{pid}/status")) for pid in pids)


def test_attack_31_a_companion_keeps_few_processes_of_ended_runs(backend: Backend) -> None:
    host, runs, each = new_host(backend.url), 6, 30
    run(backend.url, "docker run alpine true", host)
    with running_container(backend.url, host):
        for _ in range(runs):
            leave = f"i=0; while [ $i -lt {each} ]; do sleep 9 & i=$((i+1)); done"
            run(backend.url, f"docker run --pid=container:box --pids-limit 40 alpine sh -c '{leave}'", host)
        kept = zombies(backend.processes())
    # what one run may have, and what those that join have besides
    assert each <= kept <= 40 + 64


def test_attack_44_nobody_has_a_child_of_the_runners_that_is_left_to_it(arena: Backend) -> None:
    host, runner = visitor(arena), arena.pid_of("runner")
    with attacking(arena, "watch /tmp 2", "--name donor", host):
        assert numbers(attack(arena, "siblings 50", "--pid container:donor", host)) == {"siblings": 0}
    end = time.monotonic() + pace.seconds(5)
    while (left := zombies(children(runner))) and time.monotonic() < end:
        time.sleep(0.05)
    assert left == 0


@pytest.mark.parametrize("words", ["unread /script 0", "unread /attack 127"])
def test_attack_50_a_page_that_ended_processes_wait_for_keeps_nobody_waiting(arena: Backend, words: str) -> None:
    host = visitor(arena)
    before, begun = at_rest(arena), time.monotonic()
    result = attack(arena, words, "--device-read-bps /dev/loop0:1", host)
    assert numbers(result) == {"reading": 1}
    assert result.events[-1]["type"] == "exited"
    assert time.monotonic() - begun < pace.seconds(5)
    assert settled(arena, before) == before


def test_attack_50_what_a_program_says_of_a_file_is_no_reason_to_read_it(arena: Backend) -> None:
    result = attack(arena, "unread /script 0", "--device-read-bps /dev/loop0:1gb")
    assert (result.code, result.events[-1].get("hint")) == (0, None)
