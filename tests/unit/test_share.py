"""The loop's time is shared among visitors: one piece of each in a turn, and no more than a share for who uses much."""

from __future__ import annotations

import asyncio
import time

from sandbox.loop_turns import AT_ONCE, Turns
from sandbox.usage import BURST, HERE_SECONDS, MOST_VISITORS, SHARE, Usage


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def used_up(clock: Clock, piece: float, seconds: float, *, company: bool) -> float:
    """What a visitor uses within some seconds who begins a piece whenever they may, of processor time."""
    usage, total, end = Usage(clock), 0.0, clock.now + seconds
    while clock.now < end:
        if company:
            usage.add("other", 0.001)
        if usage.is_over("greedy"):
            clock.now += 0.005
        else:
            usage.add("greedy", piece)
            clock.now, total = clock.now + piece, total + piece
    return total


def test_while_others_are_here_one_has_a_share_and_what_it_may_use_at_once() -> None:
    for piece in (0.0005, 0.01):
        assert used_up(Clock(), piece, 10.0, company=True) < BURST / (1 - SHARE) + SHARE * 10 + 0.1


def test_who_is_alone_has_all_the_time() -> None:
    assert used_up(Clock(), 0.01, 10.0, company=False) > 9.9


def test_whoever_was_alone_waits_for_a_moment_only_when_another_comes() -> None:
    clock = Clock()
    usage = Usage(clock)
    for _ in range(1000):
        usage.add("a class", 0.01)
    usage.add("other", 0.001)
    assert usage.is_over("a class")
    clock.now += HERE_SECONDS / 2
    usage.add("other", 0.001)
    assert not usage.is_over("a class")


def test_whoever_stays_below_the_share_is_never_kept_waiting() -> None:
    clock = Clock()
    usage = Usage(clock)
    for _ in range(2000):
        clock.now += 0.01
        usage.add("other", 0.001)
        assert not usage.is_over("a class")
        usage.add("a class", 0.9 * SHARE * 0.01)


def test_visitors_are_forgotten() -> None:
    clock = Clock()
    usage = Usage(clock)
    for number in range(2 * MOST_VISITORS):
        usage.add(str(number), 0.001)
    assert len(usage) == MOST_VISITORS
    clock.now += 60.0
    usage.add("new", 0.001)
    assert len(usage) == 1


async def test_each_visitor_begins_one_piece_in_a_turn_of_the_loop() -> None:
    turns, begun = Turns(), list[str]()
    for name in ("a1", "a2", "a3", "b1", "b2"):
        turns.take(name[0], lambda name=name: begun.append(name))  # type: ignore[misc]  # a default argument
    assert begun == ["a1", "b1"]
    await asyncio.sleep(0)
    assert sorted(begun) == ["a1", "a2", "b1", "b2"]
    await asyncio.sleep(0)
    assert begun[4:] == ["a3"]


async def test_so_many_visitors_begin_something_in_a_turn_and_who_has_used_the_least_is_next() -> None:
    usage, begun = Usage(), list[str]()
    turns = Turns(usage)
    names = [f"{number}" for number in range(AT_ONCE + 2)]
    usage.add(names[-2], 0.1)
    for name in names:
        turns.take(name, lambda name=name: begun.append(name))  # type: ignore[misc]  # a default argument
    assert begun == names[:AT_ONCE]
    await asyncio.sleep(0)
    assert begun == [*names[:AT_ONCE], names[-1], names[-2]]


async def test_whoever_is_over_the_share_waits_while_others_are_served() -> None:
    clock = Clock()
    usage, begun = Usage(clock), list[str]()
    turns = Turns(usage)
    usage.add("greedy", BURST + 0.05)
    usage.add("other", 0.001)
    turns.take("greedy", lambda: begun.append("greedy"))
    for _ in range(3):
        turns.take("other", lambda: begun.append("other"))
        await asyncio.sleep(0.01)
    assert begun == ["other"] * 3
    clock.now += 0.05 / SHARE + 0.01
    await asyncio.sleep(0.05)
    assert begun == ["other"] * 3 + ["greedy"]


async def test_what_a_request_and_its_tasks_compute_is_the_visitors_and_what_they_wait_for_is_not() -> None:
    usage = Usage(Clock())
    turns = Turns(usage)
    loop = asyncio.get_running_loop()
    loop.set_task_factory(turns.make_task)
    tasks = list[asyncio.Future[None]]()

    async def inner() -> None:
        _compute(0.02)

    async def answer() -> None:
        _compute(0.02)
        await asyncio.sleep(0.2)
        await asyncio.ensure_future(inner())

    turns.take("a", lambda: tasks.append(asyncio.ensure_future(answer())))
    await asyncio.gather(*tasks, asyncio.ensure_future(inner()))
    assert 0.04 <= usage.of("a") < 0.06
    assert len(usage) == 1


async def test_who_leaves_while_waiting_for_a_turn_holds_up_nobody() -> None:
    turns = Turns()
    first, leaver, last = (asyncio.ensure_future(turns.turn()) for _ in range(3))
    await asyncio.sleep(0)
    assert (first.done(), leaver.done()) == (True, False)
    leaver.cancel()
    await asyncio.wait_for(last, 1)
    assert leaver.cancelled()


def _compute(seconds: float) -> None:
    begun = time.thread_time()
    while time.thread_time() - begun < seconds:
        pass
