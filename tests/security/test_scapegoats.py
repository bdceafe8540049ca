"""Whoever takes of what the whole machine has so many of is ended, and nobody else is, whatever he does meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.linux import shared
from support.arena import attack, numbers, visitor
from support.backend import Backend
from support.client import Result

pytestmark = pytest.mark.container
# what an honest program may do: make files, look for some in vain
NEIGHBOURS = ("named /tmp 12000 9", "names / 9")


def beside(arena: Backend, neighbour: str, words: str, count: int) -> tuple[Result, list[Result]]:
    """What becomes of a neighbour, and of so many that attack at the same time."""
    host, others = visitor(arena), [visitor(arena) for _ in range(count)]
    with ThreadPoolExecutor(count + 1) as pool:
        beginning = pool.submit(attack, arena, neighbour, "", host)
        attacks = [pool.submit(attack, arena, words, "", other) for other in others]
        return beginning.result(), [one.result() for one in attacks]


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_attack_51_nobody_is_ended_for_what_many_wait_for_together(arena: Backend, neighbour: str) -> None:
    honest, attackers = beside(arena, neighbour, "awaited 2 4", 4)
    assert [numbers(one) for one in attackers] == [{"waiting": 20_000}] * 4
    assert [one.code for one in (honest, *attackers)] == [0] * 5


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_attack_52_nobody_is_ended_for_the_files_that_others_have_on_their_way(arena: Backend, neighbour: str) -> None:
    each, count = 185_000, 7
    used, most = shared.open_files()
    honest, attackers = beside(arena, neighbour, f"flying {each} 5", count)
    assert honest.code == 0
    # a machine may let so many files be open that these are few
    few = each * count < (most - used) / 2
    ended = [one.event("notice")["code"] for one in attackers if one.code]
    assert (ended == []) is few
    # for its own files, or for what they take of the kernel's memory
    assert set(ended) <= {"too-many-files", "too-much-kernel-memory"}
