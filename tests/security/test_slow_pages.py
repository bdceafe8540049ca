"""Whoever has a page copied to that comes slowly keeps nobody else waiting."""

from __future__ import annotations

import time

import pytest

from support import pace
from support.arena import LITTLE, attack, attacking, visitor
from support.backend import Backend
from support.client import call

pytestmark = pytest.mark.container
SECONDS = 6
SLOW = "--device-read-bps /dev/loop0:2"


@pytest.mark.parametrize("what", ["card", "cards", "members", "group"])
def test_attack_73_nobody_waits_for_a_page_of_anothers_slow_disk(arena: Backend, what: str) -> None:
    stranger = visitor(arena)
    with attacking(arena, f"slow-page {what} {pace.seconds(SECONDS):.0f}", SLOW) as slow:
        begun = time.monotonic()
        runs = [attack(arena, LITTLE, "", stranger).code for _ in range(3)]
        status, _ = call(arena.url, "GET", "/v1/health")
        took = time.monotonic() - begun
        assert not slow.done()
    assert (runs, status) == ([0, 0, 0], 200)
    assert took < pace.seconds(SECONDS / 2)
    assert slow.result().code == 0
