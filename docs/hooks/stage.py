"""Stands a live figure beside the demos that move it, and leads from a demo to its figures. HTML to HTML.

A figure is live when a run moves a part of it (`data-on`, `data-slot`). Its stage is the section that it stands in, and
those of the demos that it is the nearest figure of, but not what is another figure's. The stage has what comes before
the figure, the figure, and what comes after it, so that `assets/stage.css` can lay the text beside the figure where
there is room; a narrow screen, paper and a screen reader have everything in the order in which it is written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

from mkdocs.plugins import event_priority
from mkdocs.structure.pages import Page

VOID = set("area base br col embed hr img input link meta source track wbr".split())
FIGURE = '<figure class="figure"'
LIVE = re.compile(r"\sdata-(?:on|slot)=")
FOLLOWED = re.compile(r'\sdata-demo="([^"]*)"')
NAME = re.compile(r'\saria-labelledby="(\S+)-title')
TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL)
DEMO = re.compile(r'<docker-run\b[^>]*?\sid="([^"]+)"')
OPTION = re.compile(r"<code>docker (?:container |image )?\w+ -")

# The parts of a command line, as the element calls them; each with the role that stands for it in a figure, as a reader
# calls it, and with the shapes and words of that role.
ROLES = {
    "verb": ("컨테이너", ".container, .is-container"),
    "image": ("이미지", ".image, .is-image"),
    "cmd": ("프로세스", ".process, .process-none, .is-process"),
    "option": ("기계", ".machine, .is-machine"),
}
WORDS = (
    '<div class="words" role="group" aria-label="그림에서 명령의 낱말 찾기" data-demos="{}">{}'
    '<span class="words-said" aria-hidden="true">누르면 명령의 낱말과 이어져요</span>'
    '<output class="words-spoken"></output></div>'
)


@dataclass(slots=True)
class Block:
    """An element at the top level of a page, with the space behind it, and its section, which an h2 begins."""

    text: str
    section: int
    demos: list[str]

    @property
    def is_figure(self) -> bool:
        return self.text.startswith(FIGURE)


@dataclass(slots=True)
class Figure:
    """A live figure: its place among the blocks, and the places of the demos that move it.

    `demos` are the ids of all elements that move it; `own` are the places of the demos that have no nearer figure.
    """

    at: int
    name: str
    title: str
    demos: list[str]
    moved_by: list[int]
    own: list[int] = field(default_factory=list)

    @property
    def begin(self) -> int:
        return min([self.at, *self.own])


# late, since the search reads the sections of a page as they are before this
@event_priority(-100)
def on_page_context(context: Any, *, page: Page, **_: Any) -> Any:
    """Set the stages of a page."""
    page.content = staged(page.content or "")
    return context


def staged(content: str) -> str:
    """Return the content with its stages."""
    if FIGURE not in content:
        return content
    blocks = list(blocks_of(content))
    figures = figures_of(blocks)
    made, done = "", 0
    for figure, (begin, end) in zip(figures, spans(blocks, figures), strict=True):
        made += written(blocks, figures, range(done, begin))
        before = written(blocks, figures, range(begin, figure.at), figure)
        after = written(blocks, figures, range(figure.at + 1, end), figure)
        made += f'<div class="stage">{aside(before)}{drawn(blocks, figure)}{aside(after)}</div>\n'
        done = end
    return made + written(blocks, figures, range(done, len(blocks)))


def aside(text: str) -> str:
    return f'<div class="stage-text">\n{text}</div>\n' if text else ""


def blocks_of(content: str) -> Iterator[Block]:
    """Yield the elements at the top level."""
    section = 0
    for begin, end in pairwise([0, *Starts(content).found[1:], len(content)]):
        text = content[begin:end]
        section += text.startswith("<h2")
        yield Block(text, section, DEMO.findall(text))


class Starts(HTMLParser):
    """Finds where the elements at the top level begin."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=False)
        self._lines = [0, *(line.end() for line in re.finditer("\n", content))]
        self._depth = 0
        self.found: list[int] = []
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        self._depth += tag not in VOID

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser gives them
        line, column = self.getpos()
        if not self._depth:
            self.found.append(self._lines[line - 1] + column)

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag not in VOID


def figures_of(blocks: list[Block]) -> list[Figure]:
    """Return the live figures, each with its own demos."""
    figures = [figure_of(blocks, at) for at, one in enumerate(blocks) if one.is_figure and LIVE.search(one.text)]
    for figure in figures:
        figure.own = [at for at in figure.moved_by if moved(blocks, figures, at)[0] is figure]
    return figures


def figure_of(blocks: list[Block], at: int) -> Figure:
    """Return the live figure at a place; one that names no demo is moved by every demo of the page."""
    text = blocks[at].text
    name, title = NAME.search(text), TITLE.search(text)
    if not name or not title:
        raise ValueError(f"a live figure needs a title that its svg is labelled by: {text[:200]}")
    named = {id for ids in FOLLOWED.findall(text) for id in ids.split()}
    demos = [id for block in blocks for id in block.demos if not named or id in named]
    places = [place for place, block in enumerate(blocks) if {*demos} & {*block.demos}]
    return Figure(at, name[1], title[1], demos, places)


def moved(blocks: list[Block], figures: Iterable[Figure], at: int) -> list[Figure]:
    """Return the figures that the demos at a place move, the nearest first: by sections, then by what is between."""
    found = [figure for figure in figures if at in figure.moved_by]
    return sorted(found, key=lambda one: (abs(blocks[one.at].section - blocks[at].section), abs(one.at - at)))


def spans(blocks: list[Block], figures: list[Figure]) -> Iterator[tuple[int, int]]:
    """Yield the places where each figure's stage begins and ends."""
    drawings = [at for at, one in enumerate(blocks) if one.is_figure]
    begin = end = 0
    for number, figure in enumerate(figures):
        sections = {blocks[at].section for at in (figure.at, *figure.own)}
        within = [at for at, one in enumerate(blocks) if min(sections) <= one.section <= max(sections)]
        # a page's head stays above the stage
        first = within[0] if min(sections) else figure.begin
        begin = max([first, end, *(at + 1 for at in drawings if at < figure.at)])
        others = [*(at for at in drawings if at > figure.at), *(one.begin for one in figures[number + 1 :])]
        end = min([within[-1] + 1, *others])
        yield begin, end


def written(blocks: list[Block], figures: list[Figure], places: range, here: Figure | None = None) -> str:
    """Return the blocks, each demo with the links to its figures; `here` is the figure that stands beside them."""
    return "".join(blocks[at].text + links(blocks, figures, at, here) for at in places)


def links(blocks: list[Block], figures: list[Figure], at: int, here: Figure | None) -> str:
    """Return the links from the demos at a place to their figures; nothing where they move none."""
    made = []
    for number, figure in enumerate(moved(blocks, figures, at)):
        ids = " ".join(id for id in blocks[at].demos if id in figure.demos)
        words = f"{'위' if figure.at < at else '아래'} 그림에서도 보기" if number else "그림에서 보기"
        label = html.escape(f"{words}: {html.unescape(figure.title)}")
        mark = ' class="beside"' if figure is here else ""
        made.append(f'<a{mark} href="#{figure.name}-figure" data-from="{ids}" aria-label="{label}">{words}</a>')
    return f'<p class="to-figure">{" ".join(made)}</p>\n' if made else ""


def drawn(blocks: list[Block], figure: Figure) -> str:
    """Return the figure with an id, and with a button for each of its roles that a word of a command stands for."""
    text = blocks[figure.at].text.replace(FIGURE, f'<figure id="{figure.name}-figure" class="figure"', 1)
    optional = any(OPTION.search(blocks[at].text) for at in figure.moved_by)
    buttons = "".join(
        f'<button type="button" data-word="{word}" data-parts="{parts}" aria-pressed="false">{called}</button>'
        for word, (called, parts) in ROLES.items()
        if has(text, parts) and (optional or word != "option")
    )
    words = WORDS.format(" ".join(figure.demos), buttons) if buttons and figure.demos else ""
    return text.replace("</svg>", f"</svg>{words}", 1)


def has(drawing: str, parts: str) -> bool:
    """Return whether a drawing has one of the classes that a selector lists."""
    classes = parts.replace(".", "").replace(", ", "|")
    return re.search(rf'class="(?:[^"]* )?(?:{classes})[ "]', drawing) is not None
