"""Who has more of the kernel's small things than a share: what counts is what the kernel cannot take back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from sandbox.runner.container import shares
from sandbox.runner.container.shares import NAMED_BYTES, Kept, above
from sandbox.runner.kernel import cgroup
from support import pace

SHARE = 1000


@dataclass
class Groups:
    """What groups have, and what of that can be taken back."""

    has: dict[str, int]
    spare: dict[str, int] = field(default_factory=dict)
    waits: threading.Event | None = None

    def objects(self, group: str) -> int:
        return self.has.get(group, 0)

    def take_back(self, group: str) -> None:
        if self.waits:
            self.waits.wait()
        self.has[group] -= self.spare.get(group, 0)
        self.spare[group] = 0


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> Groups:
    made = Groups({})
    monkeypatch.setattr(cgroup, "here", lambda: made)
    monkeypatch.setattr(shares, "PAUSE_SECONDS", 0.001)
    return made


def judged(kept: Kept, until: Callable[[float], bool] = bool) -> float:
    """What is said of it at last."""
    end = time.monotonic() + pace.seconds(2)
    while not until(found := kept.proven(SHARE)) and time.monotonic() < end:
        time.sleep(0.005)
    return found


def test_nobody_is_above_a_share_who_has_as_much_or_less() -> None:
    assert above(5, [("a", 5), ("b", 4)]) is None
    assert above(5, [("a", 6), ("b", 9), ("c", 7)]) == "b"
    assert above(5, []) is None


def test_whoever_has_little_is_not_asked_for_it(groups: Groups) -> None:
    groups.has["/a"] = SHARE
    kept = Kept("/a")
    assert kept.proven(SHARE) == 0
    assert kept._taking is None


def test_what_can_be_taken_back_is_held_against_nobody(groups: Groups) -> None:
    groups.has, groups.spare = {"/a": 9 * SHARE, "/b": 9 * SHARE}, {"/a": 8 * SHARE}
    honest, other = Kept("/a"), Kept("/b")
    # nothing is said before that is known
    assert (honest.proven(SHARE), other.proven(SHARE)) == (0, 0)
    assert judged(other) == 9 * SHARE
    assert groups.has["/a"] == SHARE
    assert honest.proven(SHARE) == 0


def test_files_that_have_names_explain_what_is_kept_for_them(groups: Groups) -> None:
    groups.has["/a"] = SHARE + 3 * NAMED_BYTES
    assert Kept("/a", named=lambda: 3).proven(SHARE) == 0
    assert judged(Kept("/a", named=lambda: 2)) == SHARE + NAMED_BYTES


def test_what_ended_companions_have_left_counts_for_all_of_them(groups: Groups) -> None:
    groups.has = {"/all/one": 600, "/all/many": 600, "/all/many/two": 100}
    assert judged(Kept("/all/one", lambda: "/all/many")) == 1200
    assert Kept("/all/one", lambda: None).proven(SHARE) == 0
    # its own is in it
    assert Kept("/all/many/two", lambda: "/all/many").proven(SHARE) == 0


def test_a_run_stands_still_while_the_kernel_is_asked(groups: Groups) -> None:
    stood: list[str] = []

    @contextmanager
    def stopped() -> Iterator[None]:
        stood.append("stopped")
        yield
        stood.append("goes on")

    groups.has["/a"] = 2 * SHARE
    assert judged(Kept("/a", stopped=stopped)) == 2 * SHARE
    assert stood == ["stopped", "goes on"]


def test_a_kernel_that_has_to_wait_keeps_nobody_from_being_judged(
    groups: Groups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "LATE_SECONDS", 0.1)
    groups.has["/a"], groups.waits = 2 * SHARE, threading.Event()
    try:
        kept = Kept("/a")
        assert kept.proven(SHARE) == 0
        assert judged(kept) == 2 * SHARE
    finally:
        groups.waits.set()


def test_what_is_known_is_not_known_for_ever(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "KNOWN_SECONDS", 0.05)
    groups.has, groups.spare = {"/a": 9 * SHARE}, {"/a": 8 * SHARE}
    kept = Kept("/a")
    assert judged(kept, lambda found: groups.has["/a"] == SHARE) == 0
    groups.has["/a"] = 5 * SHARE
    assert judged(kept) == 5 * SHARE
