"""Runs every suite: those in browsers beside all others, because each of the two waits for much of its time.

    side_by_side.py [PYTEST_ARGUMENT…]

What the suites in browsers print is printed when the others have ended.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
IN_BROWSERS = ("tests/e2e", "tests/site")


def main(arguments: Sequence[str]) -> int:
    """Run all; 0 when both have passed, else the exit status of the first that has not."""
    # Ctrl-C reaches the suites by itself, and each of them ends in its own order
    signal.signal(signal.SIGINT, lambda *_: None)
    with tempfile.TemporaryFile() as log:
        browsers = subprocess.Popen(_pytest(*IN_BROWSERS, *arguments), cwd=REPOSITORY, stdout=log, stderr=log)
        others = subprocess.Popen(_pytest(*(f"--ignore={suite}" for suite in IN_BROWSERS), *arguments), cwd=REPOSITORY)

        def end(*_: object) -> None:
            browsers.terminate()
            others.terminate()

        signal.signal(signal.SIGTERM, end)
        codes = [others.wait(), browsers.wait()]
        log.seek(0)
        sys.stdout.buffer.write(log.read())
    return next((code for code in codes if code), 0)


def _pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
