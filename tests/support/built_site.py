"""Builds the site as `make site` does, strictly, and keeps what the build said."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docker_run.pages import markdown
from support.site_pages import Page

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
FENCE = re.compile(r" *(`{3,}|~{3,})\s*\{?\.?([\w-]*)")


@dataclass(frozen=True)
class Built:
    """What `mkdocs build --strict` left and said."""

    folder: Path
    log: str
    returncode: int

    def pages(self) -> dict[str, Page]:
        """Every page by its path below the site's root."""
        return {str(file.relative_to(self.folder)): _read(file) for file in self.folder.rglob("*.html")}

    def page(self, path: str) -> Page:
        return _read(self.folder / path)


@functools.cache
def _read(file: Path) -> Page:
    """A page, which does not change once it is built."""
    return Page(file.read_text())


def build(folder: Path, environment: dict[str, str] | None = None) -> Built:
    """The site, built into `folder` by a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=REPOSITORY,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"} | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    return Built(folder, done.stdout + done.stderr, done.returncode)


def sources() -> Iterator[str]:
    """The Markdown of every page, that of notebooks too."""
    yield from (markdown(file) for file in DOCS.rglob("*") if file.suffix in (".md", ".ipynb"))


def fences(text: str) -> Iterator[str]:
    """The language of each fence of a page; one that is only shown inside a longer fence does not count."""
    closing = ""
    for line in text.splitlines():
        found = FENCE.match(line)
        if closing:
            closing = "" if found and found[1].startswith(closing) and not found[2] else closing
        elif found:
            closing = found[1]
            yield found[2]
