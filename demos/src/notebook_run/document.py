"""Turns a Jupyter notebook into one Markdown document, and its code cells into HTML with their outputs.

The site's own Markdown renders the text, so that headings, links and fences are as on every other page. A code cell is
a placeholder in it, which `filled` replaces.
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

# the tag of a text cell that is the lead paragraph of its page
LEAD = "lead"
# the tag of a code cell whose output stays folded, so that the reader guesses it first
QUESTION = "question"
BUTTONS = (("run", "실행", "disabled"), ("stop", "멈춤", "hidden"), ("reset", "되돌리기", "disabled"))
KEYS = "고칠 수 있어요. Ctrl+Enter나 Shift+Enter로 실행해요."
_PLACEHOLDER = '<div data-notebook-cell="{}"></div>'


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `number` counts the code cells from 1 and is 0 for text."""

    source: str
    number: int
    tags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Notebook:
    """The parts of a notebook that become a page."""

    cells: tuple[Cell, ...]
    meta: dict[str, Any]

    @property
    def code(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.number]

    @property
    def texts(self) -> list[str]:
        return [cell.source for cell in self.cells if not cell.number]


def read(text: str) -> Notebook:
    """Return the notebook in the text of an .ipynb file."""
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
    """Return the Markdown of the page, with a placeholder for each code cell."""
    return "\n\n".join(_block(cell) for cell in notebook.cells) + "\n"


def _block(cell: Cell) -> str:
    if cell.number:
        return _PLACEHOLDER.format(cell.number)
    return f"{cell.source.rstrip()}\n{{ .lead }}" if LEAD in cell.tags else cell.source


def filled(content: str, notebook: Notebook, outputs: Sequence[str], before: str = "") -> str:
    """Return the page's HTML with its code cells, and with `before` above the first."""
    content = content.replace(_PLACEHOLDER.format(1), before + _PLACEHOLDER.format(1), 1)
    for cell, output in zip(notebook.code, outputs, strict=True):
        content = content.replace(_PLACEHOLDER.format(cell.number), code_cell(cell, output), 1)
    return content


def code_cell(cell: Cell, output: str) -> str:
    """Return the HTML of a code cell. Its buttons are there before the script runs, so that nothing moves then."""
    name = f"Python 칸 {cell.number}"
    code = highlight(cell.source, PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True)).rstrip("\n")
    attributes = f'role="group" tabindex="0" aria-label="{name}의 출력"{"" if output else " hidden"}'
    shown = f'<pre class="notebook-output" translate="no" {attributes}>{html.escape(output)}</pre>'
    if QUESTION in cell.tags:
        shown = f"<details><summary>미리 실행한 출력 보기</summary>{shown}</details>"
    buttons = "".join(
        f'<button type="button" class="{kind}" aria-label="{name} {word}" {state}>{word}</button>'
        for kind, word, state in BUTTONS
    )
    return (
        f'<div class="notebook-cell" data-cell="{cell.number}" data-label="{name}의 코드. {KEYS}">'
        f'<div class="notebook-bar"><span class="notebook-name">{name}</span>{buttons}</div>'
        f'<div class="notebook-code highlight" translate="no"><pre><code>{code}</code></pre></div>'
        f'{shown}<p class="notebook-state"></p></div>'
    )
