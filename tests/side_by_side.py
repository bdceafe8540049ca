"""Runs every suite: two halves side by side, because each of them waits for much of its time.

    side_by_side.py [PYTEST_ARGUMENT…]

What the half prints that is named here is printed when the other one has ended.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
ONE_HALF = ("tests/guest", "tests/setup", "tests/e2e", "tests/service", "tests/site")


def main(arguments: Sequence[str]) -> int:
    """Run all; 0 when both have passed, else the exit status of the first that has not."""
    # Ctrl-C reaches the suites by itself, and each of them ends in its own order
    signal.signal(signal.SIGINT, lambda *_: None)
    with tempfile.TemporaryFile() as log:
        one = subprocess.Popen(_pytest(*ONE_HALF, *arguments), cwd=REPOSITORY, stdout=log, stderr=log)
        other = subprocess.Popen(_pytest(*(f"--ignore={suite}" for suite in ONE_HALF), *arguments), cwd=REPOSITORY)

        def end(*_: object) -> None:
            one.send_signal(signal.SIGINT)
            other.send_signal(signal.SIGINT)

        signal.signal(signal.SIGTERM, end)
        codes = [other.wait(), one.wait()]
        log.seek(0)
        sys.stdout.buffer.write(log.read())
    return next((code for code in codes if code), 0)


def _pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
