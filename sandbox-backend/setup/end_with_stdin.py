"""Runs a command until it ends or standard input does: `end_with_stdin.py COMMAND…`, with the command's exit status.

A user may not send a signal to what sudo runs as root, but can close a pipe to it. The command gets SIGTERM then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence


def main(command: Sequence[str]) -> int:
    """Run `command` without standard input; its exit status, 128 and the signal's number where one has ended it."""
    # a terminal's Ctrl-C reaches the command by itself
    signal.signal(signal.SIGINT, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: child.terminate())
    threading.Thread(target=_end_with_stdin, args=(child,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def _end_with_stdin(child: subprocess.Popen[bytes]) -> None:
    # not sys.stdin, whose lock would be held while Python ends
    while os.read(0, 1):
        pass
    child.terminate()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
