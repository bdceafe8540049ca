"""Keeps on one line what a reader takes for one word: a particle with its bracket, an option with its hyphens.

A browser that leaves Korean words whole still begins a line behind a bracket and behind a hyphen.
"""

from __future__ import annotations

import re
from typing import Any

from mkdocs.plugins import event_priority
from mkdocs.structure.pages import Page

# what is no prose, as it is; a tag; a bracket with what follows it; an option
PIECE = re.compile(
    r"<code>(?P<option>-[^<\s]{1,12})</code>"
    r"|<(?P<kept>pre|code|svg|script|style|form|docker-run)\b.*?</(?P=kept)>"
    r"|<[^>]*>"
    r"|(?P<particle>\)[가-힣]+)",
    re.DOTALL,
)


# late, since the search reads the sections of a page as they are before this
@event_priority(-50)
def on_page_context(context: Any, *, page: Page, **_: Any) -> Any:
    """Set the lines of a page."""
    page.content = whole(page.content or "")
    return context


def whole(content: str) -> str:
    """Return the content with what is not to be parted marked for the style sheet."""
    return PIECE.sub(_marked, content)


def _marked(piece: re.Match[str]) -> str:
    if option := piece["option"]:
        return f'<code class="whole">{option}</code>'
    if particle := piece["particle"]:
        return f'<span class="whole">{particle}</span>'
    return piece[0]
