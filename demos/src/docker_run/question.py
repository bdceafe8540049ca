"""Reads the choices of a question as an author writes them: `0 | *3 | 125`, the right one behind a star."""

from __future__ import annotations

from dataclasses import dataclass

FEWEST, MOST = 2, 5


@dataclass(frozen=True, slots=True)
class Choices:
    """What a reader chooses from, in the author's order, and the number of the right one, counted from 1."""

    texts: tuple[str, ...]
    right: int


def parse(written: str) -> Choices:
    """Return the choices. ValueError, whose text tells the author what is wrong, when they cannot be asked."""
    parts = [part.strip() for part in written.split("|")]
    right = [number for number, part in enumerate(parts, 1) if part.startswith("*")]
    texts = tuple(part.removeprefix("*").strip() for part in parts)
    if not FEWEST <= len(texts) <= MOST:
        raise ValueError(f"고를 것을 | 로 나눠 {FEWEST}개에서 {MOST}개까지 적어요: {written!r}")
    if not all(texts):
        raise ValueError(f"고를 것 가운데 빈 것이 있어요: {written!r}")
    if len(set(texts)) < len(texts):
        raise ValueError(f"고를 것 가운데 같은 것이 있어요: {written!r}")
    if len(right) != 1:
        raise ValueError(f"맞는 것 하나의 앞에만 * 를 적어요: {written!r}")
    return Choices(texts, right[0])
