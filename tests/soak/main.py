"""Lets hostile and friendly visitors run together for a while, and prints what the friendly ones felt and what is left.

main.py [SECONDS]
"""

from __future__ import annotations

import functools
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measure import Times
from support import arena
from support.backend import Backend
from support.client import new_host, run
from support.footprint import at_rest, settled

HOSTILE, FRIENDLY = 6, 2
QUIET_SECONDS = 10.0
# in which processes get as large as so many at once make them; what grows after that grows for ever
WARM_SECONDS = 20.0
LITTLE = arena.line(arena.LITTLE)
ATTACKS = (
    *arena.ATTACKS,
    "pings 20 2",
    "netlink 20 2",
    "errors 1 3",
    "stream-errors 1 3",
    "listings /tmp 3",
    "orphans 2 3",
    "backlog 4 3",
    "kills 3",
    "in-flight folder 3",
    "neighbours eth0 2",
    "full-terminals 1",
    "hold pressure 20 1",
    "users 1",
)
OPTIONS = ("", "", "-t", "--init", "--memory 16m", "--cpus 0.1", "--network bridge", "--read-only")


@dataclass
class Seen:
    """What came of the runs: how they ended, and the friendly ones' times in milliseconds."""

    ends: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, last: dict[str, object], took: float | None = None) -> None:
        with self.lock:
            self.ends[f"{last['type']} {last.get('code') if last['type'] == 'failed' else last.get('reason')}"] += 1
            if took is not None:
                self.times.append(1000 * took)


Worker = Callable[[Backend, Seen, float], None]


def friendly(backend: Backend, seen: Seen, end: float) -> None:
    """One little run after the other."""
    host = new_host(backend.url)
    run(backend.url, LITTLE, host)
    while time.monotonic() < end:
        begun = time.monotonic()
        last = run(backend.url, LITTLE, host).events[-1]
        seen.note(last, time.monotonic() - begun)


def hostile(backend: Backend, seen: Seen, end: float, *, number: int) -> None:
    """One attack after the other, each by a new visitor."""
    chosen = random.Random(number)  # the same ones each time
    while time.monotonic() < end:
        line = arena.line(chosen.choice(ATTACKS), chosen.choice(OPTIONS))
        seen.note(run(backend.url, line, new_host(backend.url)).events[-1])


def together(backend: Backend, seconds: float, workers: Sequence[Worker]) -> Seen:
    """What came of it when they have worked side by side for so many seconds."""
    seen, end = Seen(), time.monotonic() + seconds
    with ThreadPoolExecutor(len(workers)) as pool:
        for done in [pool.submit(worker, backend, seen, end) for worker in workers]:
            done.result()
    return seen


def memory(backend: Backend) -> int:
    """The bytes that the backend's own processes hold of their own."""
    rows = (Path(f"/proc/{backend.pid_of(name)}/smaps_rollup").read_text() for name in ("runner", "web", "puller"))
    return 1024 * sum(int(text.split("Private_Dirty:")[1].split()[0]) for text in rows)


def main(arguments: Sequence[str]) -> int:
    """Print the figures; 1 when something was left, or a run ended by a fault of ours."""
    seconds = float((*arguments, "600")[0])
    with tempfile.TemporaryDirectory(prefix="soak-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with arena.opened(Path(folder)) as backend:
            attackers = [functools.partial(hostile, number=number) for number in range(HOSTILE)]
            all_of_them: list[Worker] = [*attackers, *[friendly] * FRIENDLY]
            quiet = together(backend, QUIET_SECONDS, [friendly] * FRIENDLY)
            together(backend, WARM_SECONDS, all_of_them)
            before, held = at_rest(backend), memory(backend)
            with arena.Peak() as peak:
                loud = together(backend, seconds, all_of_them)
            after = settled(backend, before, 10)
            return _report(quiet, loud, before, after, memory(backend) / held, peak.bytes)


def _report(quiet: Seen, loud: Seen, before: dict[str, int], after: dict[str, int], growth: float, peak: int) -> int:
    calm, felt = Times(quiet.times), Times(loud.times)
    left = {name: after[name] - before[name] for name in before if after[name] != before[name]}
    print(f"runs: {sum(loud.ends.values())}, of which friendly {len(loud.times)}")
    print(*(f"  {count:6} {end}" for end, count in loud.ends.most_common()), sep="\n")
    print(f"friendly p50 {felt.p50:.1f} ms, p95 {felt.p95:.1f} ms; quiet {calm.p50:.1f} and {calm.p95:.1f}")
    print(f"friendly p95 against the quiet one: {felt.p95 / calm.p95:.2f}")
    print(f"the backend's own memory against the start: {growth:.2f}; the machine's rose by {peak >> 20} MiB at most")
    print(f"left: {left or 'nothing'}")
    faults = sum(count for end, count in loud.ends.items() if end.startswith("failed"))
    return int(bool(left or faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
