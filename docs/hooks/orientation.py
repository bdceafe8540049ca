"""Says to the learner where a page stands in the book, and keeps operators' and authors' pages apart from it.

The navigation's first section is the book. Each of its pages is a chapter, but for those of `extra.looked_up` in
`mkdocs.yml`, which nobody reads from end to end. The sections after it are for others. A page shows the navigation of
those it is for, never leads on to a page for somebody else, and names all pages for others in its footer.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure import StructureItem
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

from docker_run import fence, pages

# letters that a learner reads in a minute, white space not counted: slower than a novel's 500
PACE = 400
# what is not read as prose: commands, pictures, recordings
SKIPPED = {"pre", "svg", "docker-run", "script", "style"}
# "5/12", by a chapter's address below the site
PLACES: dict[str, str] = {}
# what a tick in the navigation is for (assets/chapters.js), where a reader first meets one
TICKS = "끝까지 읽거나 데모를 모두 실행하면 차례에 ✓가 붙어요."


def on_nav(nav: Navigation, *, config: MkDocsConfig, **_: object) -> Navigation:
    """Number the chapters, and let no page lead on to a page for somebody else."""
    own, others = shelves(nav)
    ways: list[Sequence[StructureItem]] = [own, *([section] for section in others)]
    for way in ways:
        if found := [*pages_of(*way)]:
            found[0].previous_page = found[-1].next_page = None
    looked_up: list[str] = config.extra.get("looked_up", [])
    chapters = [page for page in pages_of(*book(nav)) if page.file.src_uri not in looked_up]
    PLACES.clear()
    for number, page in enumerate(chapters, 1):
        PLACES[page.url] = f"{number}/{len(chapters)}"
        # what the theme shows in the navigation, and nowhere else, instead of the title
        vars(page)["typeset"] = {"title": f"{number}. {page.title}"}
    return nav


def on_page_content(content: str, *, page: Page, **_: object) -> str:
    """Write below a chapter's title where it stands, how long it takes and how many demos it has; in the first, what a
    tick is."""
    if page.url not in PLACES:
        return content
    line = " · ".join(facts(PLACES[page.url], content, pages.markdown(Path(str(page.file.abs_src_path)))))
    told = f'<p class="ticks" data-search-exclude>{TICKS}</p>' if page.url == next(iter(PLACES)) else ""
    return content.replace("</h1>", f'</h1>\n<p class="chapter" data-search-exclude>{line}</p>{told}', 1)


def on_page_context(context: MutableMapping[str, Any], *, page: Page, nav: Navigation, **_: object) -> Any:
    """Show the navigation of those whom the page is for."""
    return turned(context, nav, page)


def on_template_context(context: MutableMapping[str, Any], **_: object) -> Any:
    """Show the learner's navigation on the page for a wrong address."""
    return turned(context, context["nav"])


def turned(context: MutableMapping[str, Any], nav: Navigation, page: Page | None = None) -> MutableMapping[str, Any]:
    """Return the context with the page's navigation, and what `partials/footer.html` needs."""
    own, others = shelves(nav)
    if page and page in pages_of(*others):
        own = [item for item in (nav.homepage, *others) if item]
    context["nav"] = Navigation(own, nav.pages)
    context["others"], context["places"] = others, PLACES
    return context


def shelves(nav: Navigation) -> tuple[list[StructureItem], list[Section]]:
    """Return the items of the navigation that are the learner's, and the sections that are for others."""
    others = [item for item in nav.items if isinstance(item, Section)][1:]
    return [item for item in nav.items if item not in others], others


def book(nav: Navigation) -> list[Section]:
    """Return the section whose pages are the book, in a list, which is empty where a site has no sections."""
    return [item for item in nav.items if isinstance(item, Section)][:1]


def pages_of(*items: StructureItem) -> Iterator[Page]:
    """Yield the pages of the items, in the order of the navigation."""
    for item in items:
        if isinstance(item, Page):
            yield item
        elif isinstance(item, Section):
            yield from pages_of(*item.children)


def facts(place: str, content: str, markdown: str) -> Iterator[str]:
    """Yield what is said of a chapter: where it stands, how long it takes, and how many demos it has, if any."""
    yield place
    yield f"약 {minutes(content)}분"
    # a demo that compares isolations is one to the reader
    if demos := len({demo.line for demo in fence.fences(markdown)}):
        yield f"데모 {demos}개"


def minutes(content: str) -> int:
    """Return how many minutes it takes to read the prose of some HTML, one at least."""
    prose = Prose()
    prose.feed(content)
    return max(1, round(prose.letters / PACE))


class Prose(HTMLParser):
    """Counts the letters of HTML that are read as prose."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = 0
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, _: object) -> None:
        if tag in SKIPPED:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.letters += len("".join(data.split()))
