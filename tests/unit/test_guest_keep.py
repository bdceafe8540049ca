"""A guest is booted, led to while it answers, and the next one after it is lost: with guests that follow a script."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox.guest import serve
from sandbox.guest.booted import Files, Guest, GuestError
from sandbox.guest.relay import Relay
from sandbox.settings import Settings

PAGES = 1
FILES = Files.within(Path("/nowhere"))
# how often the test lets the loop turn before it says that something does not happen
TURNS = 200
SLEEP = asyncio.sleep


async def turn() -> None:
    """Let the others go on."""
    await SLEEP(0)


@dataclass
class Scripted:
    """A guest behind `port`, which comes up, answers and lasts unless it is told otherwise."""

    port: int
    kvm: bool
    comes_up: bool = True
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    async def up(self, seconds: float) -> None:
        if not self.comes_up:
            raise GuestError(f"the guest did not answer within {seconds:.0f} s")

    async def answers(self, seconds: float) -> None:
        if self.lost.is_set():
            raise GuestError("the guest has ended")

    async def lasts(self, seconds: float) -> None:
        await self.lost.wait()
        raise GuestError("the guest has ended; it said last: nothing")


class House:
    """All guests that were booted; `comes_up` says of each whether it does. `pauses` are those between them."""

    def __init__(self) -> None:
        self.guests: list[Scripted] = []
        self.pauses: list[float] = []
        self.comes_up: Callable[[bool], bool] = lambda kvm: True
        self.relay = Relay(PAGES)

    @asynccontextmanager
    async def booted(self, files: Files, brought: bytes, *, kvm: bool, **_: Any) -> AsyncIterator[Guest]:
        guest = Scripted(100 + len(self.guests), kvm, self.comes_up(kvm))
        self.guests.append(guest)
        try:
            yield guest  # type: ignore[misc]  # as much of one as is asked for
        finally:
            guest.ended = True

    async def pause(self, seconds: float) -> None:
        """In the place of `asyncio.sleep`, which servers of other tests wait with, too, in threads of their own."""
        if threading.current_thread() is threading.main_thread():
            self.pauses.append(seconds)
            await turn()
        else:
            await SLEEP(seconds)

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(TURNS):
            if condition():
                return
            await turn()
        raise AssertionError("it never came to that")


@pytest.fixture
async def house(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[House]:
    """Guests are kept while the test goes on; there is no KVM but where the test makes it."""
    house = House()
    monkeypatch.setattr(serve, "booted", house.booted)
    monkeypatch.setattr(serve, "KVM", tmp_path / "kvm")
    monkeypatch.setattr(asyncio, "sleep", house.pause)
    yield house
    assert all(guest.ended for guest in house.guests), "a guest was left running"


@asynccontextmanager
async def kept(house: House) -> AsyncIterator[None]:
    keeper = asyncio.create_task(serve.keep(Settings(), FILES, house.relay))
    try:
        yield
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper


async def test_the_relay_leads_to_the_pages_until_a_guest_answers(house: House) -> None:
    assert house.relay.target == PAGES
    async with kept(house):
        await house.until(lambda: house.relay.target == 100)
    assert house.relay.target == PAGES


async def test_when_a_guest_dies_the_pages_are_back_at_once_and_the_next_is_booted(house: House) -> None:
    house.comes_up = lambda kvm: len(house.guests) != 1
    async with kept(house):
        await house.until(lambda: house.relay.target == 100)
        house.guests[0].lost.set()
        await house.until(lambda: house.relay.target == PAGES)
        assert house.guests[0].ended
        await house.until(lambda: house.relay.target == 102)
    assert house.pauses == [1.0, 2.0]


async def test_pauses_between_guests_that_never_come_up_grow_to_a_minute_and_no_further(house: House) -> None:
    house.comes_up = lambda kvm: False
    async with kept(house):
        await house.until(lambda: len(house.pauses) > 8)
    assert house.pauses[:9] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert house.relay.target == PAGES


async def test_after_one_that_answered_the_pauses_are_short_again(house: House) -> None:
    house.comes_up = lambda kvm: len(house.guests) >= 3
    async with kept(house):
        await house.until(lambda: house.relay.target == 103)
        house.guests[3].lost.set()
        await house.until(lambda: house.relay.target == 104)
    assert house.pauses == [1, 2, 4, 1]


async def test_a_kvm_that_hangs_is_left_at_once_and_for_good(house: House) -> None:
    serve.KVM.touch()
    house.comes_up = lambda kvm: not kvm
    async with kept(house):
        await house.until(lambda: house.relay.target == 101)
        assert house.pauses == []
        house.guests[1].lost.set()
        await house.until(lambda: house.relay.target == 102)
    assert [guest.kvm for guest in house.guests] == [True, False, False]


async def test_without_kvm_it_is_not_tried(house: House) -> None:
    async with kept(house):
        await house.until(lambda: house.relay.target == 100)
    assert not house.guests[0].kvm
