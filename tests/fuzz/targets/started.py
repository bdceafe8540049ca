"""A slip on a real host: whatever line is offered for it starts a container there, or does what it says without one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

from fuzz.engine import Check, Target
from fuzz.mutation import Inputs
from fuzz.targets import command
from sandbox.docker.cli import Run, parse
from support import slips
from support.backend import running
from support.client import Docker
from support.pretend_host import FRESH, told


def check(docker: Docker, given: bytes) -> str:
    """Take each line over that is offered for a line."""
    reasons = set[str]()
    for offer in told(command.text(given), FRESH).offers:
        result = docker(offer)
        started = [event["type"] for event in result.events].count("started")
        assert started == isinstance(parse(offer), Run), (offer, result.events[-1])
        assert started or not result.code, (offer, result.events[-1])
        reasons.add(result.reason)
    return " ".join(sorted(reasons))


def inputs(_: Sequence[bytes]) -> Inputs:
    """Slips of every kind, one or two at a time."""
    return st.integers(0, 2**32).map(lambda number: command.data(slips.line(random.Random(number))))


@contextmanager
def opened(_: Path) -> Iterator[Check]:
    """What checks a line, with a backend of its own."""
    with running() as backend:
        docker = Docker(backend.url, backend.state)
        yield lambda given: check(docker, given)


TARGET = Target("started", inputs, opened, examples=40, extra=command.golden, container=True)
