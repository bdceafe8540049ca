"""What the kernel keeps for a run: it is counted, or refused, or the run that has too much of it is ended.

Each attack takes all that it can get, and what the kernel has for itself is looked at all the time. None may raise that
by more than its memory limit, and 32 MiB besides; those that only the watch ends (`sandbox/runner/container/watch.py`)
may have as much as that lets runs have together.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.settings import Settings
from support import pace
from support.arena import ATTEMPTS, MIB, SLACK, attack, least_peak, numbers, visitor
from support.backend import Backend
from support.client import Result

pytestmark = pytest.mark.container
COUNTED = (
    "memory-files 1",
    "full-pipes 0.3",
    "unix-queues 1 0.5",
    "segments 1",
    "empty-segments 1",
    "semaphores 1",
    "letters 1",
    "posix-letters 1",
    "page-tables 1",
    "areas 8 1",
    "credentials 1",
    "rulesets 1",
    "events 1",
    "symlinks /tmp 1",
    "symlinks /dev/shm 1",
    "names / 1",
    "marks 10 1",
    "in-flight event 2",
    "in-flight timer 2",
    "in-flight polled 2",
    "in-flight folder 2",
)
BOUNDED = ("timers 40 1", "users 1", "full-terminals 0.5", "hold timer 5000 0.2", "corked 0.2")
REFUSED = {
    "headers 20 1": {"headers": 0},
    "control-headers 20 1": {"headers": 0},
    "keys 4 1": {"keys": 0},
    "groups 4 1": {"groups": 0},
}
# what they take has no owner, and comes to what runs may have together
WATCHED = ("listings /tmp 4", "errors 1 4", "stream-errors 1 4")
# what is told in the language of the kernel, and how many sockets it takes
MANY_SOCKETS = ("backlog 4 5", "orphans 4 5", "errors 20 5", "circles 5")


@pytest.mark.parametrize("words", COUNTED)
def test_what_is_kept_for_a_run_is_counted_as_the_runs(arena: Backend, words: str) -> None:
    assert least_peak(arena, words) < 32 * MIB + SLACK


@pytest.mark.parametrize("words", BOUNDED)
def test_what_is_not_counted_is_bounded(arena: Backend, words: str) -> None:
    assert least_peak(arena, words, "", 128 * MIB + SLACK) < 128 * MIB + SLACK


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_neither_counted_nor_bounded_is_refused(arena: Backend, words: str) -> None:
    assert numbers(attack(arena, words)) == REFUSED[words]


@pytest.mark.parametrize("words", WATCHED)
def test_a_run_for_which_the_kernel_takes_too_much_is_ended(arena: Backend, words: str) -> None:
    # on a busy machine it does not get as far each time
    results = (attack(arena, words) for _ in range(ATTEMPTS))
    result = next((one for one in results if one.code), None)
    assert result
    assert (result.code, result.reason) == (137, "signal")
    assert result.event("notice")["code"] == "too-much-kernel-memory"
    most = Settings().kernel_bytes + 2 * SLACK
    assert least_peak(arena, words, "", most) < most


@pytest.mark.parametrize("words", ["listings /tmp 4", "errors 1 4"])
def test_a_busier_stranger_is_not_ended_in_place_of_the_one_who_took_it(arena: Backend, words: str) -> None:
    other = visitor(arena)

    def beside_a_busier_one() -> Result:
        with ThreadPoolExecutor(1) as pool:
            busy = pool.submit(attack, arena, "names / 5", "", other)
            time.sleep(pace.seconds(1.5))
            result = attack(arena, words)
            assert busy.result().code == 0
        return result

    # as above
    results = (beside_a_busier_one() for _ in range(ATTEMPTS))
    result = next((one for one in results if one.code), None)
    assert result
    assert result.event("notice")["code"] == "too-much-kernel-memory"


@pytest.mark.parametrize("words", MANY_SOCKETS)
def test_a_run_with_too_many_sockets_is_ended(arena: Backend, words: str) -> None:
    result = attack(arena, words, "--memory 32m")
    assert result.event("notice")["code"] == "too-many-sockets"
    assert least_peak(arena, words) < 32 * MIB + SLACK


def test_timers_and_signals_that_wait_are_so_many_for_all_users_of_a_container(arena: Backend) -> None:
    assert 0 < numbers(attack(arena, "timers 40 2"))["timers"] <= 4096


def test_bytes_in_message_queues_are_so_many_for_all_users_of_a_container(arena: Backend) -> None:
    assert 0 < 8192 * numbers(attack(arena, "posix-letters 2"))["sent"] <= 819_200


def test_what_is_left_of_ended_connections_is_bounded(arena: Backend) -> None:
    # beside other suites one may be out of time before it has counted
    results = (attack(arena, "ended 2") for _ in range(ATTEMPTS))
    result = next((one for one in results if "waiting" in numbers(one)), None)
    assert result, "no attack came to its end"
    assert 1000 < numbers(result)["waiting"] <= 4096


@pytest.mark.parametrize("words", ["pairs 1", "udp 900 1", "raw 30 1"])
def test_a_run_with_many_sockets_goes_on(arena: Backend, words: str) -> None:
    assert attack(arena, words).code == 0
