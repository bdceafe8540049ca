"""Every claim of the explainer has its place: an anchor on a page, its figure, and a test that proves what can be."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from support.built_site import Built

TESTS = Path(__file__).parents[1]
CLAIMS = [f"C{number}" for number in range(1, 32)]
# the figure of each claim that names one, by its class
FIGURES = {
    "C3": "p0",
    "C8": "p1",
    "C10": "p2",
    "C11": "p3",
    "C12": "p4",
    "C23": "p5",
    "C24": "p6",
    "C25": "p7",
    "C26": "p7",
    "C27": "p8",
    "C28": "p9",
    "C29": "p9",
    "C30": "p10",
    "C31": "p11",
}
PROVED = [claim for claim in CLAIMS if claim != "C1"]
MARKER = re.compile(r'pytest\.mark\.claim\("(C\d+)"\)')


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_has_one_page_and_its_figure_is_there(built: Built, claim: str) -> None:
    pages = [page for page in built.pages().values() if claim.lower() in page.ids()]
    assert len(pages) == 1
    classes = {name for figure in pages[0].figures() for name in figure.get("class", "").split()}
    assert FIGURES.get(claim) in classes | {None}


@pytest.mark.parametrize("claim", PROVED)
def test_a_claim_that_a_run_can_prove_is_proved_in_the_browser(claim: str) -> None:
    assert claim in marked()


@functools.cache
def marked() -> set[str]:
    """The claims that a test in the browser says it proves."""
    return {name for file in (TESTS / "e2e").glob("*.py") for name in MARKER.findall(file.read_text())}
