"""A `docker run` that the daemon would not take."""

from __future__ import annotations


class RefusedError(ValueError):
    """The daemon's words, without any prefix, and a Korean hint."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
