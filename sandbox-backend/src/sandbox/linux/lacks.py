"""Tells a machine that has too little of something from an answer to what was asked for.

Whoever asked has no part in it, and it may be over a moment later.
"""

from __future__ import annotations

import errno

# descriptors, memory, processes
_FOR_NOW = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})
# and room, buffers, a disk that can be read
_ANYTHING = _FOR_NOW | {errno.ENOSPC, errno.ENOBUFS, errno.EIO}


def anything(error: BaseException) -> bool:
    """Whether the machine lacks something."""
    return isinstance(error, OSError) and error.errno in _ANYTHING


def for_now(error: BaseException) -> bool:
    """Whether it lacks what comes and goes with the processes on it; a machine that cannot do a thing at all answers
    otherwise."""
    return isinstance(error, OSError) and error.errno in _FOR_NOW
