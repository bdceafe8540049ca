"""The machine's clock is set while a run sleeps: only inside the guest, whose clock is nobody else's (`chosen`)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support import narrow as soonest
from support import pace
from support.client import Docker, Event

pytestmark = pytest.mark.container
HOUR = 3600.0


@contextmanager
def set_on(seconds: float) -> Iterator[None]:
    """Set the machine's clock on, and back at the end."""
    assert os.environ.get("OWN_CLOCK"), "this would set the clock of a machine that others use"
    time.clock_settime(time.CLOCK_REALTIME, time.time() + seconds)
    try:
        yield
    finally:
        time.clock_settime(time.CLOCK_REALTIME, time.time() - seconds)


def test_life_10_a_clock_that_is_set_changes_no_deadline_and_no_event(narrow: Docker) -> None:
    seen: list[tuple[float, Event]] = []
    limit = soonest.seconds()

    def each(event: Event) -> None:
        seen.append((time.monotonic(), event))
        if event["type"] == "started":
            for seconds in (HOUR, -HOUR):
                with set_on(seconds):
                    # the run goes on while it is set, and while it is set back
                    time.sleep(limit / 4)

    assert narrow("docker run alpine sleep 300", each=each).reason == "timeout"
    begun, ended = (next(one for one in seen if one[1]["type"] == kind) for kind in ("started", "exited"))
    assert 0.9 * limit < ended[0] - begun[0] < limit + pace.seconds(2)
    assert abs((ended[1]["at"] - begun[1]["at"]) - (ended[0] - begun[0])) < pace.seconds(1)
    times = [event["at"] for _, event in seen]
    assert times == sorted(times)
    # nor is the visitor's host forgotten, for which an hour is long
    assert narrow("docker images").stdout.count("alpine") == 1
