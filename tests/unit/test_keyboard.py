"""What was typed while the keyboard was set to Korean."""

from __future__ import annotations

import string
import unicodedata

import pytest

from sandbox.hints.keyboard import letters


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("애찯ㄱ 겨ㅜ 미ㅔㅑㅜㄷ ㅣㄴ -ㅣ", "docker run alpine ls -l"),
        ("애찯ㄱ ㅑㅡㅁㅎㄷㄴ", "docker images"),
        ("뢔ㅛㅏ ㄳ ㅝ ㅢ", "fhoyk rt nj ml"),
        ("docker run alpine", "docker run alpine"),
        ("", ""),
    ],
)
def test_the_letters_of_the_same_keys(typed: str, meant: str) -> None:
    assert letters(typed) == meant


def test_every_syllable_and_letter_has_keys() -> None:
    every = "".join(map(chr, [*range(0xAC00, 0xD7A4), *range(0x3131, 0x3164)]))
    assert set(letters(every)) <= set(string.ascii_letters)


def test_what_is_not_korean_stays_as_it_is_composed() -> None:
    other = "ﬁ１é" + unicodedata.normalize("NFD", "é")
    assert letters(other) == other
