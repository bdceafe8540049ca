"""Runs to record, made up: their events as a backend would send them."""

from __future__ import annotations

import json
from typing import Any

from docker_run.recording.file import Event, Recording

COMMAND = "docker run alpine ls"


def run(*more: Event, code: int = 0, at: float = 0.0, host: str = "a" * 32, **exited: Any) -> list[Event]:
    """A run that says little: `more` happens between its start and its end."""
    ended = max([at, *(event.get("at", at) for event in more)])
    return [
        {
            "type": "accepted",
            "at": at,
            "run": host[::-1],
            "host": host,
            "command": {"name": "run"},
            "isolation": "container",
        },
        {"type": "image", "at": at, "reference": "alpine:latest", "state": "present", "provenance": "stand-in"},
        *more,
        {"type": "exited", "at": ended + 0.1, "code": code, "reason": "exit", "wall_ms": 9.1 + at, **exited},
    ]


def output(text: str, stream: str = "stdout") -> Event:
    return {"type": "output", "at": 0.05, "stream": stream, "text": text}


def lines(events: list[Event]) -> tuple[str, ...]:
    return tuple(json.dumps(event, ensure_ascii=False) for event in events)


def recording(*more: Event, command: str = COMMAND, **exited: Any) -> Recording:
    return Recording(command, "2026-01-31", "sandbox 1 · crun 1", lines(run(*more, **exited)))
