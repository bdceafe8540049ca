"""How slow this machine is, so that bounds of time hold on any: they are written for an idle development machine."""

from __future__ import annotations

import functools
import statistics
import subprocess
import sys
import time

# the median on that machine; 0.15 s are usual under emulation
UNIT_SECONDS = 0.008
TRIALS = 9


@functools.cache
def factor() -> float:
    """How many times as long as there it takes here to start Python, 1 at least; measured once."""
    return now()


def now() -> float:
    """As `factor`, measured anew: another suite may be busy beside this one."""
    return max(1.0, statistics.median(_start_seconds() for _ in range(TRIALS)) / UNIT_SECONDS)


def seconds(there: float) -> float:
    """What takes so many seconds there may take so many here."""
    return there * factor()


def close(took: float, wanted: float) -> bool:
    """Whether what is slowed down took the seconds that it was to take: hardly fewer, and no more than is done beside
    it."""
    return 0.85 * wanted <= took <= 1.15 * wanted + seconds(0.1)


def _start_seconds() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True)
    return time.perf_counter() - begun
