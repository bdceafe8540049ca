"""Patterns that are looked for in what strangers type: each in a time that grows with the length only."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from sandbox import hints
from sandbox.docker import cli
from support import pace
from support.patterns import Used, hard_texts, look, used

# of letters and seconds: what goes over the rest from each letter on takes several times as long
LENGTH, MOMENT = 10_000, 0.05
PATTERNS = [*used(hints), *used(cli)]


@pytest.mark.parametrize("one", PATTERNS, ids=str)
def test_the_time_for_which_a_pattern_is_looked_for_grows_with_the_length_only(one: Used) -> None:
    for text in hard_texts(one.pattern, LENGTH):
        assert min(_cost(one, text) for _ in range(2)) < pace.seconds(MOMENT), text[:60]


@pytest.mark.parametrize("pattern", [r"(?<=[ \t])([a-z0-9][\w.:/-]*?)/+(?=[ \t]|$)", r"\[[^\]\s'\"]+\]"])
def test_a_pattern_that_goes_over_the_rest_again_and_again_is_found(pattern: str) -> None:
    one = Used("", re.compile(pattern), frozenset({"search"}))
    assert any(_cost(one, text) > pace.seconds(MOMENT) for text in hard_texts(one.pattern, LENGTH))


@pytest.mark.parametrize("package", [hints, cli], ids=["hints", "cli"])
def test_every_pattern_has_a_name_by_which_it_is_found(package: object) -> None:
    for file in Path(str(package.__file__)).parent.rglob("*.py"):  # type: ignore[attr-defined]  # a package
        assert not re.findall(r"\bre\.(?!compile\b|Match\b|Pattern\b|[A-Z]+\b)\w+", file.read_text()), file.name


def test_there_are_many() -> None:
    assert len(PATTERNS) > 30


def _cost(one: Used, text: str) -> float:
    begun = time.process_time()
    look(one, text)
    return time.process_time() - begun
