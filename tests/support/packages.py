"""The Debian packages of set-up, as its own table of needs has them."""

from __future__ import annotations

import subprocess
from pathlib import Path

SETUP = Path(__file__).parents[2] / "sandbox-backend/setup"


def wanted(goal: str, machine: str) -> list[str]:
    """The packages that a goal needs on a machine that makes containers `here`, in a `guest`, or has `pages` only."""
    script = f'. "{SETUP}/packages.sh"; packages "$@"'
    words = ["bash", "-euc", script, "packages", goal, machine]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return [line.split()[1] for line in told.splitlines()]
