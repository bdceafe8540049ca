"""What no limit counts: how its rise is followed, and who is ended for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest

from sandbox.linux import shared
from sandbox.runner.container import rise, suspicion, watch
from sandbox.runner.container.rise import MOST_WAITING, Rise, Shared
from sandbox.runner.container.shares import FILE_BYTES, WAITING_BYTES, Kept
from sandbox.runner.container.watch import MOST_KILLS, Watch, Watched
from sandbox.runner.kernel import cgroup

MOST, RUNS = 100, 4


@dataclass
class Machine:
    """What the watch sees of the machine."""

    kernel: int = 1000
    files: tuple[int, int] = (10, 1000)
    groups: dict[str, int] = field(default_factory=dict)
    killed: dict[str, int] = field(default_factory=dict)
    able: dict[str, int] = field(default_factory=dict)
    sending: frozenset[str] = frozenset()
    sockets: dict[str, int] = field(default_factory=dict)
    share: float = 0.0
    waiting: int = 0

    def of(self, name: str) -> Callable[[str], int]:
        """A number of each group, by its name here; 0 of those that are not named."""
        return lambda group: getattr(self, name).get(group, 0)


class Groups:
    def __init__(self, machine: Machine) -> None:
        self.kernel = self.objects = machine.of("groups")
        self.kills, self.in_sockets = machine.of("killed"), machine.of("sockets")
        # there are no processes: a group stands for those that it has
        self.processes, self.take_back = lambda group: [group], lambda _: None


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(shared, "kernel_bytes", lambda: made.kernel)
    monkeypatch.setattr(shared, "open_files", lambda: made.files)
    monkeypatch.setattr(shared, "share_of_sockets", lambda: (made.share, 100))
    monkeypatch.setattr(shared, "watched_by_epoll", lambda: made.waiting)
    monkeypatch.setattr(cgroup, "here", lambda: Groups(made))
    for name in ("FORGOTTEN_BYTES", "FORGOTTEN_FILES", "FORGOTTEN_WAITING"):
        monkeypatch.setattr(rise, name, 0)
    monkeypatch.setattr(watch, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(watch, "WAITING_SECONDS", 0.02)
    monkeypatch.setattr(suspicion, "could_hold", lambda _, groups: made.able.get(groups[0], 0))
    monkeypatch.setattr(suspicion, "sends", lambda groups: groups[0] in made.sending)
    return made


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  # another thread makes it so
            await asyncio.sleep(0.005)


@contextmanager
def watched(*groups: str) -> Iterator[list[Watched]]:
    own = Watch(MOST, RUNS)
    with ExitStack() as stack:
        yield [stack.enter_context(own.on(Kept(group), None, lambda: None)) for group in groups]


async def ended(*runs: Watched) -> list[watch.Cause | None]:
    """Why each of them was ended, when the one that is to be ended first has been, and the others have had time."""
    await until(runs[0].ended.is_set)
    await asyncio.sleep(0.2)
    return [one.cause for one in runs]


def test_a_slow_rise_is_forgotten_and_a_fall_is_not_held_against_anybody() -> None:
    own = Rise(forgotten=10)
    assert [own.to(number, at) for number, at in ((100, 0), (150, 1), (150, 3), (40, 4), (60, 4.5))] == [
        0,
        40,
        20,
        0,
        15,
    ]


def test_memory_that_is_counted_is_no_rise(machine: Machine) -> None:
    own = Shared(MOST)
    assert not own.too_much_memory(1000, lambda: ())
    assert not own.too_much_memory(1000 + 2 * MOST, lambda: [MOST])
    assert own.too_much_memory(1000 + 2 * MOST, lambda: [MOST - 1])


def test_half_of_the_files_that_are_left_may_be_open(machine: Machine) -> None:
    own = Shared(MOST)
    assert not own.too_many_files()
    machine.files = (505, 1000)
    assert not own.too_many_files()
    machine.files = (506, 1000)
    assert own.too_many_files()


async def test_those_that_could_hold_more_than_their_share_are_ended_and_whoever_could_hold_most_first(
    machine: Machine,
) -> None:
    machine.able = {"a": 60, "b": 90, "c": MOST // RUNS}
    with watched("a", "b", "c") as (a, b, c):
        await asyncio.sleep(0.1)
        machine.kernel += MOST + 1
        await until(lambda: b.cause)
        assert [one.cause for one in (a, b, c)] == [None, "too-much-kernel-memory", None]
        assert await ended(a, b, c) == ["too-much-kernel-memory", "too-much-kernel-memory", None]


async def test_nobody_is_ended_for_what_nobody_could_hold(machine: Machine) -> None:
    # however much the kernel keeps for them
    machine.groups = {"a": 1 << 30, "b": 5}
    with watched("a", "b") as runs:
        await asyncio.sleep(0.1)
        machine.kernel += (2 << 30) + MOST
        await asyncio.sleep(0.3)
        assert [one.cause for one in runs] == [None, None]


async def test_what_is_on_its_way_could_be_anything_if_it_does_not_come(machine: Machine) -> None:
    machine.able, machine.sending = {"a": 90}, frozenset("b")
    with watched("a", "b") as (_, b):
        await asyncio.sleep(0.1)
        machine.kernel += MOST + 1
        await until(lambda: b.cause)


async def test_a_run_that_has_begun_since_is_not_ended_for_it(machine: Machine) -> None:
    machine.able = {"a": 60, "b": 90}
    own = Watch(MOST, RUNS)
    with own.on(Kept("a"), None, lambda: None) as a:
        await asyncio.sleep(0.1)
        machine.kernel += MOST
        with own.on(Kept("b"), None, lambda: None) as b:
            await asyncio.sleep(0.1)
            machine.kernel += MOST // 10
            assert await ended(a, b) == ["too-much-kernel-memory", None]


async def test_nobody_is_ended_when_the_memory_has_come_back(machine: Machine) -> None:
    machine.able = {"a": 60, "b": 90}
    with watched("a", "b") as (a, b):
        await asyncio.sleep(0.1)
        machine.kernel += MOST + 1
        await until(lambda: b.cause)
        machine.kernel -= MOST
        assert await ended(b, a) == ["too-much-kernel-memory", None]


async def test_those_with_more_than_their_share_of_the_machines_files_are_ended(machine: Machine) -> None:
    # half of 990, for four runs
    machine.groups = {"a": 123 * FILE_BYTES, "b": 124 * FILE_BYTES, "c": 400 * FILE_BYTES}
    with watched("a", "b", "c") as (a, b, c):
        await asyncio.sleep(0.1)
        machine.files = (900, 1000)
        await until(lambda: c.cause)
        assert await ended(b, c, a) == ["too-many-files", "too-many-files", None]


async def test_whoever_has_fewer_files_than_its_share_is_not_ended_for_those_of_others(machine: Machine) -> None:
    machine.groups = {"a": 123 * FILE_BYTES, "b": 120 * FILE_BYTES}
    with watched("a", "b") as runs:
        await asyncio.sleep(0.1)
        machine.files = (900, 1000)
        await asyncio.sleep(0.3)
        assert [one.cause for one in runs] == [None, None]


async def test_those_with_fuller_sockets_than_their_share_are_ended_when_there_is_little_left(machine: Machine) -> None:
    # half of 100, for four runs
    machine.sockets = {"a": 12, "b": 13, "c": 20}
    with watched("a", "b", "c") as (a, b, c):
        await asyncio.sleep(0.1)
        assert not c.cause
        machine.share = rise.PART + 0.01
        assert await ended(b, c, a) == ["too-much-in-sockets", "too-much-in-sockets", None]


async def test_whoever_the_kernel_has_to_kill_again_and_again_is_ended(machine: Machine) -> None:
    machine.killed = {"a": MOST_KILLS, "b": MOST_KILLS + 1}
    with watched("a", "b") as (a, b):
        await until(lambda: b.cause)
        assert (a.cause, b.cause) == (None, "too-many-kills")


async def test_a_run_that_is_over_is_watched_no_more(machine: Machine) -> None:
    machine.able = {"a": 90}
    own = Watch(MOST, RUNS)
    with own.on(Kept("a"), None, lambda: None) as first:
        await asyncio.sleep(0.1)
    machine.kernel += MOST + 1
    await asyncio.sleep(0.1)
    assert first.cause is None


async def test_who_waits_for_more_than_all_may_is_ended_and_nobody_for_what_many_do_together(machine: Machine) -> None:
    most = MOST_WAITING * WAITING_BYTES
    machine.groups = {"/little": most, "/much": most + 1}
    with watched("/little", "/much") as (little, much):
        await asyncio.sleep(0.1)
        machine.waiting = 2 * MOST_WAITING
        assert await ended(much, little) == ["too-many-files", None]
