"""Counts what a layer costs beside its bytes. Pure."""

from __future__ import annotations

# an image of as many files as there may be, each in a folder ten deep and with headers of five records, has half of it
MOST_STEPS = 2_000_000


class TooMuch(ValueError):
    """A layer that costs more than any honest one; the text says so."""


class Effort:
    """Counts steps: a header, a record in it, a piece of a sparse file, a folder on the way to a name. Each takes a few
    microseconds, and a compressed layer has room for very many."""

    def __init__(self, most: int = MOST_STEPS) -> None:
        self._left = most

    def spend(self, steps: int = 1) -> None:
        """Count some steps. TooMuch when they are too many."""
        self._left -= steps
        if self._left < 0:
            raise TooMuch("the layer has too many headers, records or folders to unpack")
