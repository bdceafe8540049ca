"""Tries inputs on a target: those that are kept, and as many more as there is time for.

A target is a function of bytes that names what came of them, and raises when that is not one of the things that may.
Hypothesis makes the inputs, out of nothing and out of those that are kept, and makes one that fails small.
"""

from __future__ import annotations

import hashlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from fuzz.mutation import LARGEST, Inputs
from fuzz.paths import Paths
from support import pace

CORPUS = Path(__file__).parent / "corpus"
# of the processor's time, for an input of any size that is taken
SECONDS = 1.0
BATCH, TRACED_EACH, MOST_SEEDS = 200, 4, 1000
Check = Callable[[bytes], str]


class TooSlowError(AssertionError):
    """An input that takes longer than any may."""


@dataclass(frozen=True)
class Target:
    """What is tried. `inputs` makes them, of the seeds that there are; `opened` gives what tries one, with a folder to
    work in; `extra` are seeds besides those that are kept. `examples` is how many the short run makes. `traced` where
    the code under test runs in this very thread; `container` where it needs a machine that makes containers."""

    name: str
    inputs: Callable[[Sequence[bytes]], Inputs]
    opened: Callable[[Path], AbstractContextManager[Check]]
    examples: int
    extra: Callable[[], list[bytes]] = list
    traced: bool = False
    container: bool = False

    def kept(self, corpus: Path = CORPUS) -> dict[str, bytes]:
        """The inputs that are kept, by name."""
        return {file.name: file.read_bytes() for file in sorted((corpus / self.name).glob("*"))}

    def seeds(self, corpus: Path = CORPUS) -> list[bytes]:
        """What others are made of."""
        return [*self.kept(corpus).values(), *self.extra()]


@dataclass
class Figures:
    """What came of the inputs so far: how many there were, in what time, and what failed, with the error."""

    tried: int = 0
    seconds: float = 0.0
    outcomes: set[str] = field(default_factory=set)
    paths: Paths = field(default_factory=Paths)
    failing: bytes | None = None
    error: BaseException | None = None


def replay(check: Check, data: bytes) -> str:
    """Try one input: what came of it. TooSlowError when that took too long."""
    begun = time.process_time()
    with _limited(pace.seconds(10 * SECONDS)):
        outcome = check(data)
    if time.process_time() - begun > pace.seconds(SECONDS):
        raise TooSlowError(f"{time.process_time() - begun:.1f} s of processor time for {len(data)} bytes")
    return outcome


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """End what does not end by itself, by the clock of the processor's time, which nothing else here uses."""

    def end(*_: object) -> NoReturn:
        raise TooSlowError(f"no end after {seconds:.0f} s of processor time")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def batch(target: Target, check: Check, seeds: Sequence[bytes], figures: Figures, count: int, seed: int) -> list[bytes]:
    """Try `count` inputs, the same ones for the same `seed`; those that led to something new, until one has failed."""
    fresh: list[bytes] = []

    def tried(data: bytes) -> None:
        data = data[:LARGEST]
        try:
            if _is_new(target, check, data, figures):
                fresh.append(data)
        except Exception as error:
            figures.failing, figures.error = data, error
            raise

    try:
        _made(target.inputs(seeds), tried, count, seed)
    except Exception:
        # one that there was no input for is not of the target's making
        if figures.failing is None:
            raise
    return fresh


def _is_new(target: Target, check: Check, data: bytes, figures: Figures) -> bool:
    outcomes, lines = len(figures.outcomes), len(figures.paths.seen)
    figures.outcomes.add(replay(check, data))
    figures.tried += 1
    if target.traced and figures.tried % TRACED_EACH == 0:
        with figures.paths.noted():
            check(data)
    return (len(figures.outcomes), len(figures.paths.seen)) > (outcomes, lines)


def _made(inputs: Inputs, tried: Callable[[bytes], None], count: int, seed: int) -> None:
    chosen = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )

    @st.composite
    def made(draw: st.DrawFn) -> bytes:
        # what a failure is told with would else name all that it could have been made of
        return draw(inputs)

    hypothesis.seed(seed)(chosen(hypothesis.given(made())(tried)))()


def explore(target: Target, check: Check, seconds: float, corpus: Path = CORPUS) -> Figures:
    """Try the inputs that are kept, and others until the time is up or one has failed."""
    figures, seeds, begun, number = Figures(), target.seeds(corpus), time.monotonic(), 0
    for data in seeds:
        try:
            _is_new(target, check, data, figures)
        except Exception as error:
            figures.failing, figures.error = data, error
            break
    while figures.failing is None and time.monotonic() - begun < seconds:
        number += 1
        seeds = [*seeds, *batch(target, check, seeds[-MOST_SEEDS:], figures, BATCH, number)]
    figures.seconds = time.monotonic() - begun
    return figures


def keep(target: Target, data: bytes, corpus: Path = CORPUS) -> Path:
    """Keep an input that failed; where it is now."""
    file = corpus / target.name / f"failed-{hashlib.sha256(data).hexdigest()[:12]}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file
