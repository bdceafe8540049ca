"""Whatever visitors do, and in whatever order, no two of them have the same user ids, and nothing is left."""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as tried

from sandbox.settings import Settings
from support.backend import Backend
from support.client import call, new_host, run
from support.files import text_of
from support.footprint import at_rest, settled
from support.streams import reach, reading

pytestmark = pytest.mark.container
RANGE = 1 << 16
MOST = 5
SLEEPS = "alpine sleep 300"


@dataclass(eq=False)
class Visit:
    """A visitor's run that has started."""

    visitor: str
    leaving: ExitStack
    name: str
    container: str
    pid: int


class Visitors(RuleBasedStateMachine):
    """They start containers, join them to others of their own, leave, cancel, and lose their first process."""

    backend: ClassVar[Backend]
    visits = Bundle("visits")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[Visit] = []

    def _visit(self, visitor: str, options: str = "") -> Visit:
        with ExitStack() as stack:
            events = stack.enter_context(reading(self.backend, f"docker run {options} {SLEEPS}", visitor))
            name = reach(events, "accepted")["run"]
            container = reach(events, "created")["container"]
            pid = reach(events, "started")["pid"]
            made = Visit(visitor, stack.pop_all(), name, container, pid)
        self.open.append(made)
        return made

    @precondition(lambda self: len(self.open) < MOST)
    @rule(target=visits)
    def start(self) -> Visit:
        return self._visit(new_host(self.backend.url))

    @precondition(lambda self: len(self.open) < MOST)
    @rule(target=visits, donor=visits, kind=st.sampled_from(["pid", "ipc", "network"]))
    def join(self, donor: Visit, kind: str) -> Visit:
        # whether the other one is still there is the backend's to say
        with suppress(StopIteration):
            return self._visit(donor.visitor, f"--{kind} container:{donor.container}")
        return donor

    @rule(visit=consumes(visits))
    def leave(self, visit: Visit) -> None:
        self._forget(visit)

    @rule(visit=visits)
    def cancel(self, visit: Visit) -> None:
        assert call(self.backend.url, "DELETE", f"/v1/runs/{visit.name}")[0] in (204, 404)

    @rule(visit=visits)
    def kill(self, visit: Visit) -> None:
        if visit.pid in self._processes():
            os.kill(visit.pid, signal.SIGKILL)

    @invariant()
    def no_two_visitors_have_the_same_ids(self) -> None:
        visitors = {visit.container: visit.visitor for visit in self.open}
        owners: defaultdict[int, set[str]] = defaultdict(set)
        for pid, container in self._processes().items():
            if container in visitors and (uid := _uid(pid)) >= Settings().first_uid:
                owners[uid // RANGE].add(visitors[container])
        assert all(len(names) == 1 for names in owners.values()), owners

    def _processes(self) -> dict[int, str]:
        """The processes in the groups of runs, each with its container's id."""
        group, top = self.backend.cgroup, Path("/sys/fs/cgroup")
        files = [*top.glob(f"memory/{group}/*/cgroup.procs"), *top.glob(f"{group}/*/cgroup.procs")]
        return {int(pid): file.parent.name for file in files for pid in text_of(file).split()}

    def _forget(self, visit: Visit) -> None:
        visit.leaving.close()
        if visit in self.open:
            self.open.remove(visit)

    def teardown(self) -> None:
        for visit in [*self.open]:
            self._forget(visit)


def _uid(pid: int) -> int:
    rows = [line.split() for line in text_of(Path(f"/proc/{pid}/status")).splitlines() if line.startswith("Uid:")]
    return int(rows[0][1]) if rows else 0


def test_no_two_visitors_share_ids_whatever_they_do(backend: Backend) -> None:
    run(backend.url, "docker run alpine true")
    before = at_rest(backend)
    # the same ones each time; to each belong several runs, which are not quick
    few = settings(
        max_examples=12,
        stateful_step_count=12,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    tried(type("Here", (Visitors,), {"backend": backend}), settings=few)
    assert settled(backend, before) == before
