"""A Jupyter notebook as one Markdown document: its text as it stands, its code as cells with what they put out.

The text is rendered by the site's own Markdown, so that headings, links, fences and all else are as on every other
page; a code cell is a place in it, which `filled` fills with HTML.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

# a text cell with this tag is the sentence that a page of this site begins with
LEAD = "lead"
# and the output of a code cell with this one stays folded: the reader guesses it first
QUESTION = "question"
BUTTONS = (("reset", "처음부터", "disabled"), ("run", "실행", "disabled"), ("stop", "멈춤", "hidden"))
KEYS = "고칠 수 있어요. Ctrl+Enter나 Shift+Enter로 실행해요."
_PLACE = '<div data-notebook-cell="{}"></div>'


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `number` counts the code cells from 1 and is 0 for text."""

    source: str
    number: int
    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Notebook:
    """What of a notebook becomes a page."""

    cells: tuple[Cell, ...]
    meta: dict[str, Any]

    @property
    def code(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.number]

    @property
    def texts(self) -> list[str]:
        return [cell.source for cell in self.cells if not cell.number]


def read(text: str) -> Notebook:
    """The notebook in the text of an .ipynb file."""
    content = json.loads(text)
    return Notebook(tuple(_cells(content["cells"])), content.get("metadata", {}))


def _cells(content: Sequence[dict[str, Any]]) -> Iterator[Cell]:
    number = 0
    for one in content:
        number += one["cell_type"] == "code"
        source = "".join(one["source"])
        tags = frozenset(one.get("metadata", {}).get("tags", ()))
        if one["cell_type"] in ("code", "markdown"):
            yield Cell(source, number if one["cell_type"] == "code" else 0, tags)


def page(notebook: Notebook) -> str:
    """The Markdown of the page, with a place for each code cell."""
    return "\n\n".join(_block(cell) for cell in notebook.cells) + "\n"


def _block(cell: Cell) -> str:
    if cell.number:
        return _PLACE.format(cell.number)
    return f"{cell.source.rstrip()}\n{{ .lead }}" if LEAD in cell.tags else cell.source


def filled(content: str, notebook: Notebook, outputs: Sequence[str], before: str = "") -> str:
    """The page's HTML with its code cells in their places, and `before` above the first."""
    content = content.replace(_PLACE.format(1), before + _PLACE.format(1), 1)
    for cell, output in zip(notebook.code, outputs, strict=True):
        content = content.replace(_PLACE.format(cell.number), code_cell(cell, output), 1)
    return content


def code_cell(cell: Cell, output: str) -> str:
    """The HTML of a code cell. The buttons wait for the script, which is why they are there: nothing moves then."""
    name = f"Python 칸 {cell.number}"
    code = highlight(cell.source, PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True)).rstrip("\n")
    attributes = f'role="group" tabindex="0" aria-label="{name}의 출력"{"" if output else " hidden"}'
    shown = f'<pre class="notebook-output" {attributes}>{html.escape(output)}</pre>'
    if QUESTION in cell.tags:
        shown = f"<details><summary>미리 실행한 출력 보기</summary>{shown}</details>"
    buttons = "".join(
        f'<button type="button" class="{kind}" aria-label="{name} {word}" {state}>{word}</button>'
        for kind, word, state in BUTTONS
    )
    return (
        f'<div class="notebook-cell" data-cell="{cell.number}" data-label="{name}의 코드. {KEYS}">'
        f'<div class="notebook-bar"><span class="notebook-name">{name}</span>{buttons}</div>'
        f'<div class="notebook-code highlight"><pre><code>{code}</code></pre></div>'
        f'{shown}<p class="notebook-state"></p></div>'
    )
