"""Turns: bounded, fair, never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from sandbox.turns import Queue
from sandbox.web.runs.queue import Admission, Full, TooMany


async def nobody(position: int, retry_seconds: float) -> None:
    """A reader who must not be made to wait."""
    raise AssertionError(f"made to wait at {position}")


async def ignored(position: int, retry_seconds: float) -> None:
    """A reader who does not mind."""


async def holding(queue: Queue, until: asyncio.Event, positions: list[int], address: str = "a") -> None:
    """Take a place, note what is said while waiting, hold it."""

    async def report(position: int, retry_seconds: float) -> None:
        assert retry_seconds > 0
        positions.append(position)

    async with queue.turn(address, report):
        await until.wait()


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_free_place_is_taken_at_once_and_given_back() -> None:
    queue = Queue(1)
    async with queue.turn("a", nobody):
        assert (queue.taken, queue.waiting) == (1, 0)
    assert (queue.taken, queue.waiting) == (0, 0)


async def test_those_who_wait_at_one_address_are_served_in_order_and_get_each_new_position(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sandbox.turns.REPORT_SECONDS", 0.01)
    queue, doors = Queue(1), [asyncio.Event() for _ in range(3)]
    positions: list[list[int]] = [[], [], []]
    tasks = []
    for door, said in zip(doors, positions, strict=True):
        tasks.append(asyncio.create_task(holding(queue, door, said)))
        await settle()
    assert positions == [[], [1], [2]]
    doors[0].set()
    await tasks[0]
    await asyncio.sleep(0.05)
    assert positions == [[], [1], [2, 1]]
    assert (queue.taken, queue.waiting) == (1, 1)
    doors[1].set()
    doors[2].set()
    await asyncio.gather(*tasks)
    assert (queue.taken, queue.waiting) == (0, 0)


async def test_a_free_place_goes_to_the_address_that_holds_the_fewest() -> None:
    queue, doors, served = Queue(2), [asyncio.Event() for _ in range(6)], list[str]()

    async def one(name: str, door: asyncio.Event) -> None:
        async with queue.turn(name[0], ignored):
            served.append(name)
            await door.wait()

    names = ["a1", "a2", "a3", "a4", "b1", "b2"]
    tasks = []
    for name, door in zip(names, doors, strict=True):
        tasks.append(asyncio.create_task(one(name, door)))
        await settle()
    assert served == ["a1", "a2"]
    for next_to_end in (0, 1, 2, 4, 5, 3):
        doors[next_to_end].set()
        await tasks[next_to_end]
        await settle()
    # b1 before a3, who came earlier; then `a` holds nothing, so that a3 and a4 come before b2
    assert served == ["a1", "a2", "b1", "a3", "a4", "b2"]
    assert (queue.taken, queue.waiting) == (0, 0)


async def test_the_place_in_line_counts_those_who_will_be_served_before() -> None:
    queue, until = Queue(1), asyncio.Event()
    positions: dict[str, list[int]] = {}
    tasks = []
    for name in ("a1", "a2", "a3", "b1", "b2"):
        said = positions[name] = list[int]()
        tasks.append(asyncio.create_task(holding(queue, until, said, name[0])))
        await settle()
    assert positions == {"a1": [], "a2": [1], "a3": [2], "b1": [1], "b2": [3]}
    until.set()
    await asyncio.gather(*tasks)


async def test_a_place_survives_the_one_who_held_it() -> None:
    queue = Queue(1)
    task = asyncio.create_task(holding(queue, asyncio.Event(), []))
    await settle()
    task.cancel()
    await asyncio.wait({task})
    assert queue.taken == 0


async def test_one_who_leaves_the_line_does_not_hold_up_the_others() -> None:
    queue, first, third = Queue(1), asyncio.Event(), asyncio.Event()
    one = asyncio.create_task(holding(queue, first, []))
    await settle()
    leaver = asyncio.create_task(holding(queue, asyncio.Event(), []))
    await settle()
    last = asyncio.create_task(holding(queue, third, []))
    await settle()
    leaver.cancel()
    await asyncio.wait({leaver})
    assert queue.waiting == 1
    first.set()
    third.set()
    await asyncio.wait_for(asyncio.gather(one, last), 1)
    assert (queue.taken, queue.waiting) == (0, 0)


async def test_a_place_that_comes_in_the_moment_of_leaving_goes_to_the_next() -> None:
    queue, first = Queue(1), asyncio.Event()
    one = asyncio.create_task(holding(queue, first, []))
    await settle()
    leaver = asyncio.create_task(holding(queue, asyncio.Event(), []))
    await settle()
    door = asyncio.Event()
    door.set()
    last = asyncio.create_task(holding(queue, door, []))
    await settle()
    first.set()
    await one
    # its turn has come, but it has not woken up yet
    leaver.cancel()
    await asyncio.wait({leaver})
    await asyncio.wait_for(last, 1)
    assert (queue.taken, queue.waiting) == (0, 0)


async def test_a_reader_who_cannot_be_reached_leaves_the_queue() -> None:
    queue, first = Queue(1), asyncio.Event()
    one = asyncio.create_task(holding(queue, first, []))
    await settle()
    with pytest.raises(AssertionError, match="made to wait"):
        async with queue.turn("a", nobody):
            pass
    assert queue.waiting == 0
    first.set()
    await one


def test_admission_is_bounded_and_says_which_place_it_would_have_been() -> None:
    admission = Admission(Queue(2), most=5, per_address=5)
    with ExitStack() as inside:
        for _ in range(5):
            inside.enter_context(admission.admitted("a"))
        with pytest.raises(Full) as full, admission.admitted("b"):
            pass
        assert full.value.position == 4
        assert full.value.retry_seconds >= 1
    with admission.admitted("b"):
        pass


def test_addresses_that_take_all_they_can_leave_room_for_others() -> None:
    admission = Admission(Queue(8), most=72, per_address=48)
    with ExitStack() as inside:
        for address in ("a",) * 48 + ("b",) * 15:
            inside.enter_context(admission.admitted(address))
        with pytest.raises(Full), admission.admitted("b"):
            pass
        for number in range(9):
            inside.enter_context(admission.admitted(f"newcomer {number}"))
        with pytest.raises(Full), admission.admitted("one too many"):
            pass


async def test_one_address_has_its_share_of_the_turns_though_nobody_else_wants_one() -> None:
    queue = Queue(4, per_address=2)
    async with queue.turn("a", nobody), queue.turn("a", nobody):
        third = asyncio.ensure_future(anext(aiter(_turns(queue, "a"))))
        await asyncio.sleep(0)
        async with queue.turn("b", nobody):
            assert queue.taken == 3
            assert not third.done()
    await third
    assert queue.taken == 1


async def _turns(queue: Queue, address: str) -> AsyncIterator[None]:
    async with queue.turn(address, ignored):
        yield


def test_one_address_cannot_take_all_the_room() -> None:
    admission = Admission(Queue(2), most=5, per_address=2)
    with admission.admitted("a"), admission.admitted("a"):
        with pytest.raises(TooMany), admission.admitted("a"):
            pass
        with admission.admitted("b"):
            pass
    with admission.admitted("a"):
        pass
