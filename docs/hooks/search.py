"""Prepares the search for what people type; `search.toml` holds the words.

- Words that Korean glues together are cut apart by the separator, which the theme applies to the book and to a query.
- A section that has one name of a thing is found by its other names, and by the keys of a Korean name on a keyboard
  that was left in English. These stand in two fields of their own, which count like the title and the text and are
  never shown.
- The index is large and few visits search. So `search_index.json`, which the theme fetches with every page, only names
  the file of the sections; `assets/search.js` fetches it when somebody searches.
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
from mkdocs.structure.nav import Navigation
from orientation import pages_of, shelves

WORDS = tomllib.loads(Path(__file__).with_name("search.toml").read_text(encoding="utf-8"))
NAMES: list[list[str]] = WORDS["names"]
WEIGHTS: dict[str, float] = WORDS["weight"]
# the theme lets a title count a thousandfold, which makes the text count for nothing
BOOSTS = {"title": 100, "text": 1}
HANGUL = re.compile("[가-힣]+")
SYLLABLES = ord("가")
# the addresses of the pages that are not for learners, found after the others
ASIDE: list[str] = []
# the keys of a Korean keyboard (dubeolsik), in the order in which Unicode puts a syllable's parts
INITIALS = "r r s e e f a q q t t d w w c z x v g".split()
VOWELS = "k o i o j p u p h hk ho hl y n nj np nl b m ml l".split()
FINALS = ["", *"r r rt s sw sg e f fr fa fq ft fx fv fg a q qt t t d w c z x v g".split()]


def on_nav(nav: Navigation, **_: object) -> Navigation:
    """Note which pages are found after the learner's."""
    ASIDE[:] = [page.url for page in pages_of(*shelves(nav)[1])]
    return nav


def on_post_build(*, config: MkDocsConfig) -> None:
    """Rewrite the index that the search plugin has written."""
    site = Path(config.site_dir)
    path = site / "search/search_index.json"
    index = prepared(json.loads(path.read_text(encoding="utf-8")))
    if offline.wanted():
        path.rename(path.with_suffix(".js")).write_text(f"var __index = {compact(index)}", encoding="utf-8")
        return
    sections = compact(index["docs"])
    name = f"sections.{fingerprint(sections)}.json"
    path.with_name(name).write_text(sections, encoding="utf-8")
    (theme,) = (site / "assets/javascripts/workers").glob("search.*.js")
    settings = index["config"] | {"sections": f"../search/{name}", "theme": str(theme.relative_to(site / "assets"))}
    path.write_text(compact({"config": settings, "docs": []}), encoding="utf-8")


def prepared(index: dict[str, Any]) -> dict[str, Any]:
    """Return the search plugin's index with our separator and fields."""
    config = index["config"]
    fields = {f"{name}{kind}": {"boost": boost} for name, boost in BOOSTS.items() for kind in ("", "_names")}
    separator = f"{config['separator']}|{before(glued())}"
    sections = [weighed(section | named(section)) for section in index["docs"]]
    ours = {"separator": separator, "fields": fields, "everywhere": WORDS["everywhere"], "aside": ASIDE}
    return {"config": config | ours, "docs": sections}


def weighed(section: dict[str, Any]) -> dict[str, Any]:
    """Return the section with the weight of its page, unless the page sets one itself."""
    page = re.split(r"/|\.html|#", section["location"])[0]
    return {"boost": WEIGHTS.get(f"{page}/", 1)} | section


def named(section: dict[str, Any]) -> dict[str, str]:
    """Return the two fields of names for a section."""
    return {f"{field}_names": " ".join(other_names(section[field])) for field in BOOSTS}


def other_names(text: str) -> Iterator[str]:
    """Yield the other names of the things in the text, and how Korean ones are typed."""
    for group in NAMES:
        present = [name for name in group if contains(text, name)]
        if present:
            yield from (name for name in group if name not in present)
            yield from (keys(name) for name in group if len(name) > 1 and HANGUL.match(name))


def contains(text: str, name: str) -> bool:
    """Return whether the text has the name: a Latin one as a word, a Korean syllable at the beginning of a word."""
    if HANGUL.match(name) and len(name) > 1:
        return name in text
    end = "" if HANGUL.match(name) else r"(?![a-z])"
    return re.search(rf"(?<![a-z가-힣]){re.escape(name)}{end}", text, re.IGNORECASE) is not None


def keys(word: str) -> str:
    """Return what a keyboard in English mode makes of a Korean word."""
    return "".join(_keys_of(letter) if HANGUL.match(letter) else letter for letter in word)


def _keys_of(syllable: str) -> str:
    number = ord(syllable) - SYLLABLES
    return INITIALS[number // 588] + VOWELS[number % 588 // 28] + FINALS[number % 28]


def glued() -> list[str]:
    """Return the words before which a longer one is cut, the longest first."""
    long = (name for group in NAMES for name in group if HANGUL.fullmatch(name) and len(name) > 2)
    return sorted({*WORDS["glued"], *long}, key=lambda word: (-len(word), word))


def before(words: list[str]) -> str:
    """Return a regular expression for the positions inside a Korean word where one of `words` begins."""
    return f"(?<=[가-힣])(?={'|'.join(words)})"


def compact(value: object) -> str:
    """Return the value as JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
