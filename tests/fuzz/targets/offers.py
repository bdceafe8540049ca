"""A slip: whatever line comes, one that is offered for it starts on a host with the teaching images."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

from fuzz.engine import Check, Target
from fuzz.mutation import Inputs, mutated
from fuzz.targets import command
from support import slips
from support.pretend_host import DONE, FRESH, PULLED, STARTED, told

PIECES = [command.data(piece) for piece in (*slips.SPACES, *slips.DASHES, *slips.PROMPTS, *slips.BEFORE, *slips.ENDS)]


def check(given: bytes) -> str:
    """Have the reader told of a line, and take each line over that is offered."""
    line = command.text(given)
    ends = set[str]()
    for world in (FRESH, PULLED):
        said = told(line, world)
        for offer in said.offers:
            assert offer != line
            end = told(offer, world).outcome
            assert end in (STARTED, DONE), offer
            ends.add(end)
    return f"{told(line).outcome[:24]} {' '.join(sorted(ends))}"


def inputs(seeds: Sequence[bytes]) -> Inputs:
    """Slips of every kind, one or two at a time, and lines that are cut, spliced and changed."""
    made = st.integers(0, 2**32).map(lambda number: command.data(slips.line(random.Random(number))))
    return made | mutated(seeds, PIECES)


@contextmanager
def opened(_: Path) -> Iterator[Check]:
    """What checks a line."""
    yield check


TARGET = Target("offers", inputs, opened, examples=400, extra=command.golden, traced=True)
