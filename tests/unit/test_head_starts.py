"""Who is served first when a run begins, and that nobody always is."""

from __future__ import annotations

from sandbox.model.protocol import HEAD_START
from sandbox.web.runs.head_starts import RUNS, SPAN_SECONDS, HeadStarts


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_whoever_begins_runs_without_a_pause_has_soon_no_head_start_and_others_still_have() -> None:
    clock = Clock()
    starts = HeadStarts(clock)
    given = []
    while clock.now < SPAN_SECONDS:
        given.append(starts.take("a"))
        clock.now += 0.45
    assert given == [HEAD_START] * RUNS + [0.0] * (len(given) - RUNS)
    assert starts.take("b") == HEAD_START


def test_it_is_given_again_once_the_earlier_ones_are_some_time_ago() -> None:
    clock = Clock()
    starts = HeadStarts(clock)
    assert [starts.take("a") for _ in range(RUNS + 1)] == [HEAD_START] * RUNS + [0.0]
    clock.now = SPAN_SECONDS
    assert starts.take("a") == HEAD_START


def test_addresses_are_forgotten() -> None:
    clock = Clock()
    starts = HeadStarts(clock)
    for number in range(1000):
        starts.take(str(number))
        clock.now += 1.0
    assert len(starts._had) <= SPAN_SECONDS
