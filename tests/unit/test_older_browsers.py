"""No page needs a browser that is newer than those of December 2023: Chrome 120, Firefox 121, Safari 17.2."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docker_run.plugin import ASSETS

ROOT = Path(__file__).parents[2]
SCRIPTS = [*ASSETS.rglob("*.js"), *ROOT.glob("docs/assets/*.js"), *ROOT.glob("demos/src/notebook_run/assets/*.js")]
# what is newer in one of the three, and which versions brought it
NEWER = {
    r"\bAbortSignal\.any\b": "Chrome 116, Firefox 124, Safari 17.4",
    r"\bPromise\.withResolvers\b": "Chrome 119, Firefox 121, Safari 17.4",
    r"\bPromise\.try\b": "Chrome 128, Firefox 134, Safari 18.2",
    r"\b(?:Object|Map)\.groupBy\b": "Chrome 117, Firefox 119, Safari 17.4",
    r"\bURL\.parse\b": "Chrome 126, Firefox 126, Safari 18",
    r"\bRegExp\.escape\b": "Chrome 136, Firefox 134, Safari 18.2",
    r"\.(?:union|intersection|difference|symmetricDifference|isSubsetOf|isSupersetOf|isDisjointFrom)\(": (
        "Chrome 122, Firefox 127, Safari 17"
    ),
    r"\bIterator\.|\.(?:values|keys|entries)\(\)\.(?:map|filter|take|drop|reduce|some|every|find|toArray)\(": (
        "Chrome 122, Firefox 131, Safari 18.4"
    ),
    r"\.checkVisibility\(": "Chrome 105, Firefox 106, Safari 17.4",
    r"\.(?:showPopover|togglePopover)\(": "Chrome 114, Firefox 125, Safari 17",
    r"\bIntl\.Segmenter\b": "Chrome 87, Firefox 125, Safari 14.1",
    r"\.startViewTransition\(": "Chrome 111, Firefox 144, Safari 18",
    r"\brequestIdleCallback\b|\bscheduler\.": "not in Safari 17",
    r"for await \([^)]*\bbody\)": "Chrome 124, Firefox 110, not in Safari 17",
    r"^\s*(?:await )?using \w": "Chrome 134, Firefox 141",
}


def used(source: str) -> list[str]:
    return [versions for pattern, versions in NEWER.items() if re.search(pattern, source, re.MULTILINE)]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_needs_nothing_newer(script: Path) -> None:
    assert used(script.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "const soon = AbortSignal.any([signal]);",
        "  this.x = Promise.withResolvers();",
        "one.union(other)",
        "map.values().map(one => one)",
        "for await (const chunk of answer.body) {",
        "  using file = open();",
    ],
)
def test_what_is_newer_would_be_seen(source: str) -> None:
    assert used(source)
