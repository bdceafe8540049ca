"""Finds which program's name was mistyped, and finds none where another one may have been meant. Pure."""

from __future__ import annotations

from itertools import pairwise

from sandbox.docker.cli.names import distance
from sandbox.hints import tables

# a name that is shorter is changed in one place only, and one of two letters is near to everything
_SHORTEST, _TWO_CHANGES = 3, 6


def near(word: str, names: frozenset[str]) -> str | None:
    """Return the one name that a word is a slip of, if no other is that near, be it of a program that is not here."""
    if not _SHORTEST <= len(word) <= 16:
        return None
    most = 2 if len(word) > _TWO_CHANGES else 1
    every = (name for name in names | tables.WELL_KNOWN if len(name) > 1 and abs(len(name) - len(word)) <= most)
    ranked = sorted((*rank, name) for name in every if (rank := _slip(word, name))[0] <= most)
    alone = ranked and [rank[:2] for rank in ranked].count(ranked[0][:2]) == 1
    return ranked[0][2] if alone and ranked[0][2] in names else None


def _slip(word: str, name: str) -> tuple[int, int]:
    """Return how far a word is from a name, and how unlikely a slip of the hand: a letter typed twice, two in each
    other's places, one left out, or another one."""
    steps = distance(word, name)
    if any(one == other and word[:at] + word[at + 1 :] == name for at, (one, other) in enumerate(pairwise(word))):
        return steps, 0
    return steps, 1 if sorted(word) == sorted(name) else 2 if len(word) < len(name) else 3
