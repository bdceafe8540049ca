"""Defines the failures that are Docker's own: a result that the reader gets, as from a real Docker."""

from __future__ import annotations


class DockerError(Exception):
    """A command that Docker does not carry out: what its client prints on stderr, its exit code, and a Korean hint."""

    def __init__(self, stderr: str, code: int, hint: str | None = None) -> None:
        super().__init__(stderr)
        self.stderr, self.code, self.hint = stderr, code, hint
