"""The checkout, reachable for any user: it may lie in a folder that nobody but its owner enters, as root's home is."""

from __future__ import annotations

import os
from pathlib import Path

from support.backend import REPOSITORY

# in a mount namespace of its own an empty folder lies over the private one, with nothing but the checkout in it
SHOW = """mount --bind "$1" /mnt; mount -t tmpfs -o mode=755 none "$2"; mkdir -p "$1"; mount --move /mnt "$1"
cd "$1"; shift 2; exec "$@\""""


def checkout() -> tuple[str, ...]:
    """What to put before a program that becomes another user; nothing where anybody can reach the checkout anyway."""
    private = [path for path in REPOSITORY.parents if not path.stat().st_mode & 0o001]
    if not private or os.geteuid() != 0:
        return ()
    show = ("sh", "-euc", SHOW, "sh", str(REPOSITORY), str(Path(private[-1])))
    return ("unshare", "--mount", "--propagation=private", *show)
