"""Limits that a run soon reaches."""

from __future__ import annotations

from support import pace

SIZES = {"memory": 33_554_432, "output": 65_536, "disk": 8_388_608, "inodes": 800, "pids": 24}


def seconds() -> float:
    """The time limit; a slow machine needs longer to reach the others."""
    return max(1.5, pace.seconds(0.25))


def limits() -> dict[str, float]:
    """All of them, as the settings have them."""
    return {"seconds": seconds(), **SIZES}
