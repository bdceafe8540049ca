"""Reads what was typed while the keyboard was set to Korean (KS X 5002, 두벌식): the letters of the same keys. Pure."""

from __future__ import annotations

import re
import unicodedata

# of each key its letter, in the order of Hangul's initials, vowels and finals in Unicode (U+1100, U+1161, U+11A8)
_INITIALS = "r R s e E f a q Q t T d w W c z x v g".split()
_VOWELS = "k o i O j p u P h hk ho hl y n nj np nl b m ml l".split()
_FINALS = "r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g".split()
_KEYS = {
    chr(start + number): letters
    for start, block in ((0x1100, _INITIALS), (0x1161, _VOWELS), (0x11A8, _FINALS))
    for number, letters in enumerate(block)
}
# two finals that, standing alone, become initials of old Korean (ㅀ, ㅄ)
_KEYS |= {"\u111a": "fg", "\u1121": "qt"}
_HANGUL = re.compile("[ㄱ-ㅣ가-힣]+")


def letters(text: str) -> str:
    """Return the text with every Hangul letter as the Latin one that is on its key; all else as it is."""
    return _HANGUL.sub(_on_its_keys, text)


def _on_its_keys(match: re.Match[str]) -> str:
    # a letter that stands alone (ㅜ) becomes one of a syllable by NFKD, a syllable falls apart into its letters
    return "".join(_KEYS.get(letter, letter) for letter in unicodedata.normalize("NFKD", match[0]))
