"""Defines the failures that are Docker's own: a result that the reader gets, as from a real Docker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of a command line that would help: the value of the flag `flag` becomes `text`, or the flag goes where
    that is None; of several uses only those whose value begins with `of`."""

    flag: str
    text: str | None
    of: str = ""


class DockerError(Exception):
    """A command that Docker does not carry out: what its client prints on stderr, its exit code, a Korean hint, and
    what the line would have to say instead, where that is known."""

    def __init__(self, stderr: str, code: int, hint: str | None = None, fix: Fix | None = None) -> None:
        super().__init__(stderr)
        self.stderr, self.code, self.hint, self.fix = stderr, code, hint, fix
