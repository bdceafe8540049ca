"""The demos of a site's pages, as they are written: Markdown files, and the text of notebooks."""

from __future__ import annotations

import json
from pathlib import Path

from docker_run import fence
from docker_run.fence import Fence


class WrongPageError(Exception):
    """A page has a fence that is written wrongly; the text has its file and line."""


def pages(docs: Path) -> dict[str, list[Fence]]:
    """The fences of each page below `docs` that has any, by the page's path, from top to bottom."""
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
    """As MkDocs sees it: what editors and Jupyter keep beside a page."""
    return any(part.startswith(".") for part in path.relative_to(docs).parts)


def markdown(file: Path) -> str:
    """The Markdown of a page, or of a notebook's text cells, where its fences and its words are to be read."""
    source = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        return source
    cells = [cell for cell in json.loads(source)["cells"] if cell["cell_type"] == "markdown"]
    # a cell's text is one string or a list of lines
    return "\n\n".join("".join(cell["source"]) for cell in cells)
