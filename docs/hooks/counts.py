"""Writes into the home page how many chapters and demos there are, where it says `{chapters}` and `{demos}`.

A chapter is an item of the page's numbered list; a demo is a fence of any page, however many isolations it compares.
"""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.pages import Page

from docker_run import pages

CHAPTER = re.compile(r"^\d+\. \[", re.MULTILINE)


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Write the numbers into the home page, and leave every other page as it is."""
    if not page.is_homepage:
        return markdown
    try:
        demos = fences(Path(config.docs_dir))
    except pages.WrongPageError as error:
        raise PluginError(str(error)) from None
    return counted(markdown, demos)


def counted(markdown: str, demos: int) -> str:
    """Return the text with its numbers."""
    chapters = len(CHAPTER.findall(markdown))
    return markdown.replace("{chapters}", str(chapters)).replace("{demos}", str(demos))


def fences(docs: Path) -> int:
    """Return the number of fences below `docs`; WrongPageError when one is written wrongly."""
    return sum(len({demo.line for demo in found}) for found in pages.demos(docs).values())
