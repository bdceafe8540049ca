"""Whatever the kernel refuses the runner: the run that meets it has one typed end, and once it is over nothing is left
of it, and the next run goes well.

A first run of each line tells from where the runner calls the kernel; then those calls fail, one at a time. A sample of
them does in `make test`, and with FAULTS=all every one, with every error.
"""

from __future__ import annotations

import itertools
import os
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from support import oci, pace
from support.backend import Backend, running
from support.box import BOX
from support.client import new_host, run
from support.fake_registry import FakeRegistry
from support.faults import CALLS, ONLY_AT_START, Faults, Point
from support.footprint import at_rest, settled
from support.recovery import end_of, serves_again

T = TypeVar("T")
pytestmark = pytest.mark.container
EVERY = os.environ.get("FAULTS") == "all"
# so many places of each call are tried in the sample, until one has failed
PLACES = 3
LINES = (
    "docker run alpine true",
    "docker run alpine sleep 0.3",
    "docker run -t alpine true",
    "docker run --network bridge alpine true",
    "docker run --device-write-bps /dev/loop0:100mb alpine true",
    "docker run --init --read-only -w /made/for/it --tmpfs /scratch -u daemon --ulimit nofile=64 alpine true",
    "docker run --memory 16m alpine sh -c 'x=a; while :; do x=$x$x; done'",
    "docker run alpine yes",
    "docker run alpine nosuch",
    "docker run new:{} true",
)
CODES = ("sandbox", "runner", "store", "unpack", "puller")
OURS = {*(f"failed {code}-failed" for code in CODES), "failed runner-lost", "failed no-space"}
# what many calls fail of at once, for as long as it lasts
LASTING = ("fork_exec", "mkdir", "mount", "open", "pidfd_open", "pipe", "posix_spawn", "thread", "write_text")
STARTS, TRIES = 3, 3
RUNS = sorted(set(CALLS) - ONLY_AT_START)


@dataclass(frozen=True)
class Case:
    """A call that a line leads to, and how that line ends when nothing fails."""

    line: str
    point: Point
    end: str


@dataclass
class House:
    """A backend whose runner's calls can be let fail, with a visitor who has the image; `cases` by the call's name, and
    what is called while the runner starts."""

    backend: Backend
    faults: Faults
    registry: FakeRegistry
    host: str = ""
    tags: Iterator[int] = field(default_factory=itertools.count)
    cases: dict[str, list[Case]] = field(default_factory=lambda: defaultdict(list))
    starts: list[Point] = field(default_factory=list)

    def run(self, line: str) -> str:
        """How a line ends; an image that it wants new is."""
        if "{}" in line:
            tag = f"new:{next(self.tags)}"
            oci.hold(self.registry, f"library/{tag}", oci.build([BOX, {"tag": tag.encode()}]))
            line = line.replace("new:{}", tag)
        return end_of(run(self.backend.url, line, self.host).events[-1])

    def learn(self) -> None:
        """Find out what each line calls, whenever it is run, and each start."""
        self.host = new_host(self.backend.url)
        known: set[tuple[str, str]] = set()
        for _ in range(TRIES):
            for line in LINES:
                self._learn_line(line, known)
            # a container that has ended by itself, as it may on a busy machine, is not ended by anybody
            if set(self.cases) >= set(RUNS):
                break
        with self.faults.recorded() as found:
            self.restart()
        # the run that shows it has started is none of its start
        self.starts = [point for point in found if "runner/server.py" not in point.chain]

    def _learn_line(self, line: str, known: set[tuple[str, str]]) -> None:
        self.run(line)
        (first, _), (again, end) = self._recorded(line), self._recorded(line)
        for point in sorted(set(first) & set(again)):
            if (point.name, point.chain) not in known:
                known.add((point.name, point.chain))
                self.cases[point.name].append(Case(line, point, end))

    def _recorded(self, line: str) -> tuple[list[Point], str]:
        self._cleaned()
        with self.faults.recorded() as found:
            end = self.run(line)
            self._cleaned()
        return found, end

    def _cleaned(self) -> None:
        """Wait until the last run's clean-up is done; what comes after its folder takes no time."""
        deadline = time.monotonic() + pace.seconds(5)
        while any((self.backend.runtime / "runs").iterdir()) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.03)

    def restart(self) -> None:
        """Have the runner started again."""
        os.kill(self.backend.pid_of("runner"), signal.SIGKILL)
        serves_again(self.backend, self.host)

    def endure(self, case: Case, number: int, *, skip: int = 0, lasting: bool = False) -> bool:
        """Let a call fail, and be as before afterwards; whether it did fail, as some are not needed every time."""
        told = f"{case.point} fails with {os.strerror(number)}, in {case.line}"
        before, runner = at_rest(self.backend), self.backend.pid_of("runner")
        with self.faults.failing(case.point, number, skip=skip, lasting=lasting):
            ends = {self.run(case.line) for _ in range(TRIES) if not self.faults.met(0.1)}
            if lasting:
                ends.add(self.run(LINES[0]))
        assert ends <= {*OURS, case.end, "exited 0 exit"}, f"{told}: {ends}"
        assert self.run(case.line) == case.end, told
        assert self.run(LINES[0]) == "exited 0 exit", told
        assert settled(self.backend, before) == before, told
        assert self.backend.pid_of("runner") == runner, told
        return self.faults.met()


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    limits = {"output": 4096, "seconds": 5}
    # not below pytest's own folder, which the next pytest on this machine closes to all but root
    with tempfile.TemporaryDirectory(prefix="sandbox-faults-") as folder, FakeRegistry() as registry:
        faults = Faults(Path(folder))
        oci.hold(registry, "library/alpine:latest", oci.build([BOX]))
        with running({"registry": registry.url, "limits": limits}, python=faults.python) as backend:
            house = House(backend, faults, registry)
            house.learn()
            yield house


def by_lot(points: Iterable[T], lot: Callable[[T], int], most: int) -> list[T]:
    """So many of them, always the same ones; all of them if every one is wanted."""
    found = sorted(points, key=lot)
    return found if EVERY else found[:most]


def test_every_call_that_runs_lead_to_is_known(house: House) -> None:
    assert sorted(house.cases) == RUNS
    assert {point.name for point in house.starts} <= set(CALLS)


@pytest.mark.parametrize("name", RUNS)
def test_a_call_that_fails_costs_one_run_at_most_and_leaves_nothing(house: House, name: str) -> None:
    numbers = CALLS[name]
    met = []
    for case in by_lot(house.cases[name], lambda case: case.point.lot, PLACES):
        if not EVERY:
            met.append(house.endure(case, numbers[case.point.lot % len(numbers)]))
            if met[-1]:
                return
            continue
        for number, skip in itertools.product(numbers, range(case.point.often)):
            met.append(house.endure(case, number, skip=skip))
    assert sum(met) > 0.9 * len(met)


@pytest.mark.parametrize("name", LASTING)
def test_calls_that_go_on_failing_leave_nothing_once_they_do_not(house: House, name: str) -> None:
    for case in by_lot(house.cases[name], lambda case: case.point.lot, 1):
        assert house.endure(case, CALLS[name][0], lasting=True)


def test_a_runner_that_cannot_start_is_started_again_with_all_that_it_has(house: House) -> None:
    before = at_rest(house.backend)
    assert len(house.starts) > 50
    for point in by_lot(house.starts, lambda point: point.lot, STARTS):
        with house.faults.failing(point, CALLS[point.name][0]):
            os.kill(house.backend.pid_of("runner"), signal.SIGKILL)
            assert house.faults.met(10), point
        serves_again(house.backend, house.host)
        # nothing is left out for good that was not to be had for a moment
        assert {house.run(line) for line in LINES[:5]} == {"exited 0 exit"}, point
        assert settled(house.backend, before) == before, point
