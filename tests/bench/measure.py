"""The few ways of measuring that every benchmark shares."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Times:
    """Wall times of repeated calls, in milliseconds."""

    samples: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.samples)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.samples, n=20)[18] if len(self.samples) > 20 else max(self.samples)


def timed(call: Callable[[], object], count: int, warm: int = 3) -> Times:
    """Call it `count` times, after `warm` that do not count."""
    for _ in range(warm):
        call()
    samples = []
    for _ in range(count):
        begun = time.perf_counter()
        call()
        samples.append((time.perf_counter() - begun) * 1000)
    return Times(samples)


class Caller:
    """A reader's browser in short: one kept connection, one run after the other, each to its last event."""

    def __init__(self, base: str, host: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
        self._host = host

    def __call__(self, line: str) -> dict[str, object]:
        """Run a line; its last event."""
        body = json.dumps({"command": line, "host": self._host})
        self._connection.request("POST", "/v1/runs", body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        lines = answer.read().splitlines()
        last: dict[str, object] = json.loads(lines[-1])
        if last["type"] not in ("exited", "failed"):
            raise RuntimeError(f"no last event: {last}")
        return last


@dataclass
class Report:
    """Rows of figures; a row with a goal that is missed makes the benchmark fail."""

    missed: list[str] = field(default_factory=list)

    def row(self, name: str, value: str, goal: str = "", met: bool = True) -> None:
        """Print one figure, its goal beside it."""
        mark = "" if not goal else ("  met" if met else "  MISSED")
        print(f"{name:58} {value:>14}  {goal}{mark}", flush=True)
        if not met:
            self.missed.append(name)

    def times(self, name: str, times: Times) -> None:
        self.row(name, f"{times.p50:.2f} ms", f"p95 {times.p95:.2f} ms")
