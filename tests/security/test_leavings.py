"""What a run leaves with one that it has something in common with: when it has ended, it still counts."""

from __future__ import annotations

import pytest

from support.arena import MIB, attack, attacking, numbers, visitor
from support.backend import Backend

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
def test_attack_2_a_companion_holds_no_more_of_ended_runs_than_one_may_have(arena: Backend, words: str) -> None:
    assert EACH * MIB <= kept(arena, words, "--memory 32m") <= MOST
