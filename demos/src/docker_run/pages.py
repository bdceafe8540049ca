"""Finds the demos of a site in its source: Markdown files, and the text cells of notebooks."""

from __future__ import annotations

import json
from pathlib import Path

from docker_run import fence
from docker_run.fence import Fence


class WrongPageError(Exception):
    """A page has a fence that is written wrongly; the text gives its file and line."""


def demos(docs: Path) -> dict[str, list[Fence]]:
    """Return the fences of each page below `docs` that has any, from top to bottom, by the page's path.

    WrongPageError when a fence is written wrongly or has no id of its own.
    """
    found = {}
    for file in sorted(
        path for path in docs.rglob("*") if path.suffix in (".md", ".ipynb") and not _hidden(path, docs)
    ):
        page, text = file.relative_to(docs).as_posix(), markdown(file)
        for wrong in (*fence.problems(text), *fence.unnamed(text)):
            raise WrongPageError(f"{page}:{wrong.line}: {wrong.text}")
        if fences := list(fence.fences(text)):
            found[page] = fences
    return found


def _hidden(path: Path, docs: Path) -> bool:
    # MkDocs leaves these out as well: editors and Jupyter keep copies beside a page
    return any(part.startswith(".") for part in path.relative_to(docs).parts)


def markdown(file: Path) -> str:
    """Return the Markdown of a page, or of a notebook's text cells, one after the other."""
    source = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        return source
    cells = [cell for cell in json.loads(source)["cells"] if cell["cell_type"] == "markdown"]
    # a cell's text is one string or a list of lines
    return "\n\n".join("".join(cell["source"]) for cell in cells)
