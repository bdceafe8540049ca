"""The trial of a virtual machine: it is tried again when it was ended for what others take of the machine."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import cast

import pytest

from sandbox.model.events import Event, Exited, Notice, Started
from sandbox.runner import selftest
from sandbox.runner.isolation.vm import trial
from sandbox.runner.isolation.vm.isolation import Vm
from sandbox.runner.selftest import SelfTest

BLAMED: list[Event] = [Notice("too-much-kernel-memory", "…"), Exited(137, "signal")]
BROKEN: list[Event] = [Notice("boot", "no such driver\n"), Exited(1, "exit")]


class Trials:
    """Each guest has the next of these ends."""

    def __init__(self, *ends: list[Event]) -> None:
        self._ends = list(ends)

    async def events(self, *_: object) -> list[Event]:
        return self._ends.pop(0)

    @property
    def left(self) -> int:
        return len(self._ends)


@pytest.mark.parametrize(
    ("ends", "good", "left"),
    [
        (("well", "well"), True, 1),
        (("blamed", "well"), True, 0),
        (("blamed", "blamed", "blamed", "well"), False, 1),
        (("broken", "well"), False, 1),
    ],
)
async def test_a_guest_that_was_ended_for_others_is_tried_again(ends: tuple[str, ...], good: bool, left: int) -> None:
    well: list[Event] = [_started(), *selftest_end()]
    kinds = {"well": well, "blamed": BLAMED, "broken": BROKEN}
    trials = Trials(*(kinds[end] for end in ends))
    vm = cast("Vm", SimpleNamespace(config=SimpleNamespace(seconds=1.0)))
    answer = await trial.boot(vm, cast("SelfTest", trials))
    assert (answer.good, trials.left) == (good, left)


def _started() -> Started:
    values = {field.name: None for field in dataclasses.fields(Started)}
    return Started(**(values | {"start_ms": 5.0}))  # type: ignore[arg-type]


def selftest_end() -> list[Event]:
    end: list[Event] = [Exited(0, "exit")]
    assert selftest.succeeded(end)
    return end
