"""Gives up everything but the listening socket, then becomes a fresh Python that serves: the web process.

    python -m sandbox.web.process SETTINGS DESCRIPTOR

What gives things up are system calls by way of ctypes. The process that serves strangers is therefore a new program,
which has never loaded them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from sandbox import handover
from sandbox.linux.confine import confine, relinquish
from sandbox.settings import Settings

SERVER = "sandbox.web.http.serving"


def main(arguments: Sequence[str]) -> None:
    """Confine this process, then serve on the inherited socket; where no runs are made on this
    computer, drop what an ordinary user can, and serve the pages."""
    settings, listener = handover.begin(arguments[0]), int(arguments[1])
    if settings.machine == "here":
        _confine(settings)
    else:
        relinquish()
    os.set_inheritable(listener, True)
    os.execv(sys.executable, [sys.executable, "-I", "-m", SERVER, *arguments])  # noqa: S606 - no shell is wanted


def _confine(settings: Settings) -> None:
    visible = [settings.run_dir / "web", *([settings.site] if settings.site else [])]
    confine(settings.web_uid, settings.run_dir / "view-web", visible=visible, network=False)


if __name__ == "__main__":
    main(sys.argv[1:])
