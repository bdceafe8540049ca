"""Who owns an id range: it is given to the next run only when the last process with its ids has gone, in whatever order
runs end, readers leave and the kernel lets go."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from sandbox.runner.cleanup import DeferredCleanup
from sandbox.runner.container.deadlines import Deadlines
from sandbox.runner.kernel.id_ranges import IdRange, IdRanges
from support import pace

COUNT = 3


@dataclass(eq=False)
class Container:
    """A container of a fake kernel: `stuck` as long as that does not let its processes end."""

    id_range: IdRange
    stack: ExitStack = field(default_factory=ExitStack)
    stuck: bool = False
    gone: bool = False

    def take_apart(self) -> bool:
        if not self.stuck:
            self.gone = True
            self.stack.close()
        return not self.stuck


@dataclass(eq=False)
class Run:
    """A visitor's run, with the range that it was given."""

    taken: AbstractAsyncContextManager[IdRange]
    id_range: IdRange


class Ownership(RuleBasedStateMachine):
    """Creates, joins, hangs up and kills in any order."""

    runs = Bundle("runs")
    containers = Bundle("containers")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.ranges = self.loop.run_until_complete(self._make())
        self.living: list[Container] = []
        self.held: list[IdRange] = []

    async def _make(self) -> IdRanges:
        return IdRanges([IdRange(number << 16, -1) for number in range(COUNT)])

    def _free(self) -> int:
        return COUNT - self.ranges.running

    @precondition(lambda self: self._free() > 0)
    @rule(target=runs)
    def begin(self) -> Run:
        taken = self.ranges.taken()
        id_range = self.loop.run_until_complete(taken.__aenter__())
        assert id_range not in self.held
        assert not [one for one in self.living if one.id_range is id_range and not one.gone]
        self.held.append(id_range)
        return Run(taken, id_range)

    @rule(target=containers, run=runs)
    def create(self, run: Run) -> Container:
        return self._container(run.id_range)

    @rule(target=containers, donor=containers)
    def join(self, donor: Container) -> Container:
        # one that has gone is found by nobody
        return donor if donor.gone else self._container(donor.id_range)

    def _container(self, id_range: IdRange) -> Container:
        made = Container(id_range)
        if id_range in self.held or any(one.id_range is id_range and not one.gone for one in self.living):
            made.stack.enter_context(id_range.held())
            self.living.append(made)
        else:
            made.gone = True
        return made

    @rule(container=containers, stuck=st.booleans())
    def kill(self, container: Container, stuck: bool) -> None:
        container.stuck = stuck
        if not container.gone:
            assert container.take_apart() is not stuck

    @rule(run=consumes(runs))
    def leave(self, run: Run) -> None:
        self.held.remove(run.id_range)
        self.loop.run_until_complete(run.taken.__aexit__(None, None, None))

    @invariant()
    def every_range_is_either_free_or_somebodys(self) -> None:
        owned = {id(one) for one in self.held} | {id(one.id_range) for one in self.living if not one.gone}
        assert self.ranges.running == len(owned)

    def teardown(self) -> None:
        for one in self.living:
            one.stuck = False
            if not one.gone:
                one.take_apart()
        assert self.ranges.running == len({id(one) for one in self.held})
        self.loop.close()


TestOwnership = Ownership.TestCase
TestOwnership.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


async def test_a_clean_up_that_comes_too_early_is_tried_again_and_others_are_not_held_up() -> None:
    cleanup, tries, other, third = DeferredCleanup(), [], asyncio.Event(), asyncio.Event()

    def stuck() -> bool:
        tries.append(time.monotonic())
        if len(tries) == 3:
            third.set()
        return third.is_set()

    def quick() -> bool:
        other.set()
        return True

    cleanup.later(stuck)
    cleanup.later(quick)
    async with asyncio.timeout(pace.seconds(5)):
        await other.wait()
        assert len(tries) < 3
        await third.wait()
    await asyncio.sleep(0.2)
    assert len(tries) == 3
    assert tries[2] - tries[1] > tries[1] - tries[0] > 0.04


async def test_what_is_left_at_the_end_is_tried_once_more() -> None:
    cleanup, tries = DeferredCleanup(), []

    def stuck() -> bool:
        tries.append(0)
        return False

    cleanup.later(stuck)
    cleanup.do_next()
    cleanup.finish()
    await asyncio.sleep(0.2)
    assert len(tries) == 2


async def test_a_deadline_is_kept_while_the_loop_does_nothing_else() -> None:
    deadlines, done = Deadlines(), threading.Event()
    with deadlines.after(30, pytest.fail), deadlines.after(0.05, done.set) as due:
        # the loop is held up on purpose
        assert done.wait(pace.seconds(2))
        assert due.passed


async def test_what_is_done_at_a_deadline_holds_nobody_up() -> None:
    deadlines, begun, free = Deadlines(), threading.Event(), threading.Event()

    def take_long() -> None:
        begun.set()
        free.wait(pace.seconds(5))

    with deadlines.after(0, take_long):
        assert begun.wait(pace.seconds(5))
        before = time.monotonic()
        with deadlines.after(30, pytest.fail):
            pass
    took = time.monotonic() - before
    free.set()
    assert took < pace.seconds(3)


async def test_a_deadline_that_is_no_longer_wanted_passes_unnoticed() -> None:
    deadlines, done = Deadlines(), threading.Event()
    with deadlines.after(0.05, done.set) as due:
        pass
    assert not done.wait(0.2)
    assert not due.passed
