"""What has to be seen to be used stands out, 3:1 at least, from the paper below and around it, in both colours."""

from __future__ import annotations

import re

import pytest

from docker_run.plugin import ASSETS
from support.built_site import DOCS
from support.colours import contrast

LEAST = 3
# the element's own paper, and the page's around it
PAPERS = ("paper-raised", "paper")
# buttons, lines below words, bars of steps, and what has failed
DRAWN = ("role-container", "role-image", "role-process", "role-machine", "bad")
COLOUR = re.compile(r"^ *--([\w-]+): #([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2});$", re.M)


def themes() -> dict[str, dict[str, list[int]]]:
    """The colours of the site by their names, in the light and in the dark."""
    light, dark = (DOCS / "assets/theme.css").read_text().split('[data-md-color-scheme="slate"]', 1)
    found = (
        {name: [int(part, 16) for part in parts] for name, *parts in COLOUR.findall(sheet)} for sheet in (light, dark)
    )
    return dict(zip(("light", "dark"), found, strict=True))


def edge(colours: dict[str, list[int]]) -> list[int]:
    """The colour of the element's edges, which it mixes."""
    mixed = re.search(r"--edge-: color-mix\(in srgb, var\(--soft-\) (\d+)%", (ASSETS / "docker-run.css").read_text())
    assert mixed
    part = int(mixed[1]) / 100
    pairs = zip(colours["ink-soft"], colours["paper-raised"], strict=True)
    return [round(part * soft + (1 - part) * paper) for soft, paper in pairs]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_edge_and_mark_of_a_demo_stands_out_from_its_paper(theme: str) -> None:
    colours = themes()[theme]
    seen = {"edge": edge(colours)} | {name: colours[name] for name in DRAWN}
    weak = {
        (name, paper): found
        for name, colour in seen.items()
        for paper in PAPERS
        if (found := contrast(str(colour), str(colours[paper]))) < LEAST
    }
    assert weak == {}
