"""Holds what a run is asked for with, whatever isolation carries it out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.model.events import Event
from sandbox.model.image import Image
from sandbox.model.plan import Plan
from sandbox.model.protocol import HEAD_START, Script

# what a run tells: the wire's events, and what is for the web process alone
Message = Event | Script
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """One run: its image, the image's unpacked layers (lowest first), its plan, the Docker host that it is on, and for
    how many seconds it is served before runs that go on."""

    image: Image
    layers: Sequence[Path]
    plan: Plan
    host: str = ""
    head_start: float = HEAD_START
