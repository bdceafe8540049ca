"""The C library, for the Linux calls that Python 3.11 does not offer.

Numbers and structures are those of the kernel's own headers (linux/mount.h, linux/prctl.h, linux/capability.h,
linux/openat2.h); system call numbers above 423 are the same on every architecture.
"""

from __future__ import annotations

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
LIBC.syscall.restype = ctypes.c_long


def check(result: int, what: str) -> int:
    """Return `result`; raise the OSError that the C library has left when it is negative."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
