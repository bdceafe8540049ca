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
from sandbox.runner.container.watch import MOST_KILLS, Watch, Watched
from sandbox.runner.kernel import cgroup
from sandbox.runner.kernel.cgroup import Kernel

MOST = 100


@dataclass
class Machine:
    """What the watch sees of the machine."""

    kernel: int = 1000
    files: tuple[int, int] = (10, 1000)
    groups: dict[str, Kernel] = field(default_factory=dict)
    killed: dict[str, int] = field(default_factory=dict)
    able: frozenset[str] = frozenset()
    sockets: dict[str, int] = field(default_factory=dict)
    share: float = 0.0
    waiting: int = 0

    def kills(self, group: str) -> int:
        return self.killed.get(group, 0)

    def group(self, group: str) -> Kernel:
        return self.groups.get(group, Kernel())

    def processes(self, group: str) -> list[int]:
        return [1 << 30] if group in self.able else []


class Groups:
    def __init__(self, machine: Machine) -> None:
        self.kernel, self.kills, self.processes = machine.group, machine.kills, machine.processes
        self.in_sockets = lambda group: machine.sockets.get(group, 0)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(shared, "kernel_bytes", lambda: made.kernel)
    monkeypatch.setattr(shared, "open_files", lambda: made.files)
    monkeypatch.setattr(shared, "share_of_sockets", lambda: made.share)
    monkeypatch.setattr(shared, "watched_by_epoll", lambda: made.waiting)
    monkeypatch.setattr(cgroup, "here", lambda: Groups(made))
    monkeypatch.setattr(rise, "FORGOTTEN_BYTES", 0)
    monkeypatch.setattr(watch, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(watch, "WAITING_SECONDS", 0.02)
    monkeypatch.setattr(suspicion, "could_hold", lambda _, pids: MOST * len(pids))
    return made


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  # another thread makes it so
            await asyncio.sleep(0.005)


@contextmanager
def watched(*groups: str) -> Iterator[list[Watched]]:
    own = Watch(MOST)
    with ExitStack() as stack:
        yield [stack.enter_context(own.on(group, None, lambda: None)) for group in groups]


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


async def test_the_run_that_kept_the_kernel_busiest_is_ended_and_then_the_next_one(machine: Machine) -> None:
    machine.groups = {"a": Kernel(0, 100), "b": Kernel(0, 300), "c": Kernel(0, watch.LEAST_KERNEL_MS - 1)}
    with watched("a", "b", "c") as (a, b, c):
        await asyncio.sleep(0.1)
        machine.kernel += MOST + 1
        await until(lambda: b.cause)
        assert [one.cause for one in (a, b, c)] == [None, "too-much-kernel-memory", None]
        await until(lambda: a.cause)
        await asyncio.sleep(0.2)
        assert [one.cause for one in (a, b, c)] == ["too-much-kernel-memory", "too-much-kernel-memory", None]
        assert a.ended.is_set()


async def test_a_run_that_could_hold_what_has_gone_is_ended_before_a_busier_one(machine: Machine) -> None:
    machine.groups = {"a": Kernel(0, 100), "b": Kernel(0, 9000)}
    machine.able = frozenset("a")
    with watched("a", "b") as (a, b):
        await asyncio.sleep(0.1)
        machine.kernel += MOST + 1
        await until(lambda: a.cause)
        assert b.cause is None


async def test_a_run_that_has_begun_since_is_not_ended_for_it(machine: Machine) -> None:
    machine.groups = {"a": Kernel(0, 100), "b": Kernel(0, 300)}
    own = Watch(MOST)
    with own.on("a", None, lambda: None) as a:
        await asyncio.sleep(0.1)
        machine.kernel += MOST
        with own.on("b", None, lambda: None) as b:
            await asyncio.sleep(0.1)
            machine.kernel += MOST // 10
            await until(lambda: a.cause)
            await asyncio.sleep(0.2)
            assert b.cause is None


async def test_nobody_is_ended_when_the_memory_has_come_back(machine: Machine) -> None:
    machine.groups = {"a": Kernel(0, 100), "b": Kernel(0, 300)}
    with watched("a", "b") as (a, b):
        await asyncio.sleep(0.1)
        machine.kernel += MOST + 1
        await until(lambda: b.cause)
        machine.kernel -= MOST
        await asyncio.sleep(0.2)
        assert a.cause is None


async def test_whoever_opens_half_of_the_machines_files_is_ended(machine: Machine) -> None:
    machine.groups = {"a": Kernel(0, 100)}
    with watched("a") as (a,):
        await asyncio.sleep(0.1)
        machine.files = (900, 1000)
        await until(lambda: a.cause)
        assert a.cause == "too-many-files"


async def test_whoever_has_the_fullest_sockets_is_ended_when_there_is_little_left_for_others(machine: Machine) -> None:
    machine.sockets = {"a": 10, "b": 20}
    with watched("a", "b", "c") as (a, b, c):
        await asyncio.sleep(0.1)
        assert not b.cause
        machine.share = watch.MOST_OF_SOCKETS + 0.01
        await until(lambda: b.cause)
        machine.share = 0.0
        assert [one.cause for one in (a, b, c)] == [None, "too-much-in-sockets", None]


async def test_whoever_the_kernel_has_to_kill_again_and_again_is_ended(machine: Machine) -> None:
    machine.killed = {"a": MOST_KILLS, "b": MOST_KILLS + 1}
    with watched("a", "b") as (a, b):
        await until(lambda: b.cause)
        assert (a.cause, b.cause) == (None, "too-many-kills")


async def test_a_run_that_is_over_is_watched_no_more(machine: Machine) -> None:
    machine.groups = {"a": Kernel(0, 100)}
    own = Watch(MOST)
    with own.on("a", None, lambda: None) as first:
        await asyncio.sleep(0.1)
    machine.kernel += MOST + 1
    await asyncio.sleep(0.1)
    assert first.cause is None


async def test_who_has_most_of_the_kernels_memory_is_ended_when_very_many_descriptors_are_waited_for(
    machine: Machine,
) -> None:
    machine.groups = {"/little": Kernel(bytes=MOST_WAITING), "/much": Kernel(bytes=1 << 30)}
    with watched("/little", "/much") as (little, much):
        await asyncio.sleep(0.1)
        machine.waiting = 2 * MOST_WAITING
        await until(much.ended.is_set)
        assert much.cause == "too-many-files"
        # who has hardly any cannot be the one
        await asyncio.sleep(0.1)
        assert little.cause is None
