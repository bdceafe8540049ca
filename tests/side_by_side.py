"""Runs every suite: in parts side by side, because each of them waits for much of its time.

    side_by_side.py [PYTEST_ARGUMENT…]

The last part prints as it goes; what each other one printed comes when all have ended.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

REPOSITORY = Path(__file__).parents[1]
# each takes about as long as the rest does, which is the last part
PARTS = (("tests/site", "tests/e2e"), ("tests/setup", "tests/service", "tests/runtime"))


def main(arguments: Sequence[str]) -> int:
    """Run all; 0 when every part has passed, else the exit status of one that has not."""
    # Ctrl-C reaches the suites by itself, and each of them ends in its own order
    signal.signal(signal.SIGINT, lambda *_: None)
    rest = [f"--ignore={suite}" for part in PARTS for suite in part]
    with ExitStack() as stack:
        logs: list[BinaryIO] = [stack.enter_context(tempfile.TemporaryFile()) for _ in PARTS]
        parts = [_begun(log, *suites, *arguments) for suites, log in zip(PARTS, logs, strict=True)]
        parts.append(_begun(None, *rest, *arguments))
        signal.signal(signal.SIGTERM, lambda *_: _interrupt(parts))
        codes = [part.wait() for part in reversed(parts)]
        for log in logs:
            log.seek(0)
            sys.stdout.buffer.write(log.read())
    return next((code for code in codes if code), 0)


def _begun(log: BinaryIO | None, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "pytest", *arguments], cwd=REPOSITORY, stdout=log, stderr=log)


def _interrupt(parts: Sequence[subprocess.Popen[bytes]]) -> None:
    for part in parts:
        part.send_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
