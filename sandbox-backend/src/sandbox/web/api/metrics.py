"""Counts what happens, in Prometheus' text format, version 0.0.4: some counters, gauges and one histogram."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)


class Metrics:
    """Counts what has happened since this process started."""

    def __init__(self) -> None:
        self._ended: Counter[tuple[str, str]] = Counter()
        self._problems: Counter[str] = Counter()
        self._buckets = [0] * len(BOUNDS)
        self._seconds = 0.0
        self._left = 0

    def ended(self, command: str, outcome: str, seconds: float) -> None:
        """Count a stream that came to its last event; `outcome` is its reason or our failure's code."""
        self._ended[command, outcome] += 1
        self._seconds += seconds
        for number, bound in enumerate(BOUNDS):
            self._buckets[number] += seconds <= bound

    def left(self) -> None:
        """Count a reader who left, or did not read, before the last event."""
        self._left += 1

    def problem(self, code: str) -> None:
        """Count a request that was answered with a problem."""
        self._problems[code] += 1

    def text(self, gauges: Mapping[str, int]) -> str:
        """Return the page; `gauges` are the present values, by name."""
        return "".join(f"{line}\n" for line in self._lines(gauges))

    def _lines(self, gauges: Mapping[str, int]) -> Iterator[str]:
        for name, value in gauges.items():
            yield f"# TYPE sandbox_{name} gauge"
            yield f"sandbox_{name} {value}"
        yield "# TYPE sandbox_commands_total counter"
        for (command, outcome), count in sorted(self._ended.items()):
            yield f'sandbox_commands_total{{command="{command}",outcome="{outcome}"}} {count}'
        yield "# TYPE sandbox_readers_left_total counter"
        yield f"sandbox_readers_left_total {self._left}"
        yield "# TYPE sandbox_problems_total counter"
        for code, count in sorted(self._problems.items()):
            yield f'sandbox_problems_total{{code="{code}"}} {count}'
        yield "# TYPE sandbox_command_seconds histogram"
        for bound, count in zip(BOUNDS, self._buckets, strict=True):
            yield f'sandbox_command_seconds_bucket{{le="{bound}"}} {count}'
        total = self._ended.total()
        yield f'sandbox_command_seconds_bucket{{le="+Inf"}} {total}'
        yield f"sandbox_command_seconds_sum {self._seconds:.6f}"
        yield f"sandbox_command_seconds_count {total}"
