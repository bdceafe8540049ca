"""Prepares the search for what people type; `search.toml` holds the words.

- Words that Korean glues together are cut apart by the separator, which the theme applies to the book and to a query.
- A section that says one name of a thing is found by its other names, and by the keys of a Korean name on a keyboard
  that was left in English. These stand in two fields of their own, which count like the title and the text and are
  never shown.
- The index is large and few visits search. So `search_index.json`, which the theme fetches with every page, only says
  where the sections are; `assets/search.js` fetches them when somebody searches.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import offline
from assets import fingerprint
from mkdocs.config.defaults import MkDocsConfig

WORDS = tomllib.loads(Path(__file__).with_name("search.toml").read_text(encoding="utf-8"))
NAMES: list[list[str]] = WORDS["names"]
WEIGHTS: dict[str, float] = WORDS["weight"]
# the theme lets a title count a thousandfold, which leaves the text no say
BOOSTS = {"title": 100, "text": 1}
HANGUL = re.compile("[가-힣]+")
SYLLABLES = ord("가")
# the keys of a Korean keyboard (dubeolsik), in the order in which Unicode puts a syllable's parts
INITIALS = "r r s e e f a q q t t d w w c z x v g".split()
VOWELS = "k o i o j p u p h hk ho hl y n nj np nl b m ml l".split()
FINALS = ["", *"r r rt s sw sg e f fr fa fq ft fx fv fg a q qt t t d w c z x v g".split()]


def on_post_build(*, config: MkDocsConfig) -> None:
    """Rewrite what the search plugin has written."""
    site = Path(config.site_dir)
    place = site / "search/search_index.json"
    index = prepared(json.loads(place.read_text(encoding="utf-8")))
    if offline.wanted():
        place.rename(place.with_suffix(".js")).write_text(f"var __index = {compact(index)}", encoding="utf-8")
        return
    sections = compact(index["docs"])
    name = f"sections.{fingerprint(sections)}.json"
    place.with_name(name).write_text(sections, encoding="utf-8")
    (theme,) = (site / "assets/javascripts/workers").glob("search.*.js")
    told = index["config"] | {"sections": f"../search/{name}", "theme": str(theme.relative_to(site / "assets"))}
    place.write_text(compact({"config": told, "docs": []}), encoding="utf-8")


def prepared(index: dict[str, Any]) -> dict[str, Any]:
    """The index of the search plugin with our separator and fields."""
    config = index["config"]
    fields = {f"{name}{kind}": {"boost": boost} for name, boost in BOOSTS.items() for kind in ("", "_names")}
    separator = f"{config['separator']}|{before(glued())}"
    sections = [weighed(section | named(section)) for section in index["docs"]]
    ours = {"separator": separator, "fields": fields, "everywhere": WORDS["everywhere"]}
    return {"config": config | ours, "docs": sections}


def weighed(section: dict[str, Any]) -> dict[str, Any]:
    """The section with the weight of its page, unless the page says one itself."""
    page = re.split(r"/|\.html|#", section["location"])[0]
    return {"boost": WEIGHTS.get(f"{page}/", 1)} | section


def named(section: dict[str, Any]) -> dict[str, str]:
    """The two fields of names for a section."""
    return {f"{field}_names": " ".join(other_names(section[field])) for field in BOOSTS}


def other_names(text: str) -> Iterator[str]:
    """By what else the things in the text are called and typed."""
    for group in NAMES:
        said = [name for name in group if says(text, name)]
        if said:
            yield from (name for name in group if name not in said)
            yield from (keys(name) for name in group if len(name) > 1 and HANGUL.match(name))


def says(text: str, name: str) -> bool:
    """Whether the name is in the text; a Latin one as a word, and a Korean one of a syllable at a word's begin."""
    if HANGUL.match(name) and len(name) > 1:
        return name in text
    end = "" if HANGUL.match(name) else r"(?![a-z])"
    return re.search(rf"(?<![a-z가-힣]){re.escape(name)}{end}", text, re.IGNORECASE) is not None


def keys(word: str) -> str:
    """What a keyboard in English mode makes of a Korean word."""
    return "".join(_keys_of(letter) if HANGUL.match(letter) else letter for letter in word)


def _keys_of(syllable: str) -> str:
    number = ord(syllable) - SYLLABLES
    return INITIALS[number // 588] + VOWELS[number % 588 // 28] + FINALS[number % 28]


def glued() -> list[str]:
    """The words before which a longer one is cut."""
    long = (name for group in NAMES for name in group if HANGUL.fullmatch(name) and len(name) > 2)
    return sorted({*WORDS["glued"], *long}, key=lambda word: (-len(word), word))


def before(words: list[str]) -> str:
    """A regular expression for the places inside a Korean word where one of these begins."""
    return f"(?<=[가-힣])(?={'|'.join(words)})"


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
