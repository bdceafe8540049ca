"""A wait is bounded by the time in which its process could run."""

from __future__ import annotations

import asyncio
import time

import pytest

from sandbox import awake
from support import pace


@pytest.fixture(autouse=True)
def short_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awake, "TICK_SECONDS", 0.02)


async def test_a_wait_ends_when_its_time_is_over() -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        async with awake.timeout(0.2):
            await asyncio.sleep(60)
    assert 0.2 <= time.monotonic() - begun < 0.2 + pace.seconds(0.5)


async def held_up() -> None:
    """Wait for ever, after a second in which nothing of this process ran."""
    async with awake.timeout(0.3):
        # the ticks have begun
        await asyncio.sleep(0.1)
        time.sleep(1.0)  # noqa: ASYNC251 - this is what is tested
        await asyncio.sleep(60)


async def test_time_in_which_nothing_ran_does_not_count() -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        await held_up()
    assert time.monotonic() - begun >= 1.25


async def test_what_comes_in_time_comes() -> None:
    async with awake.timeout(0.3):
        await asyncio.sleep(0.01)
        time.sleep(1.0)  # noqa: ASYNC251 - this is what is tested
        await asyncio.sleep(0.1)
