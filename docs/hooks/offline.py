"""Builds the copy of the site that opens from disk, when OFFLINE is set: browsers load no folder, module or JSON there.

So links name files, the search reads a script that search.py writes and runs in a frame (assets/from-disk.js), and what
needs a server is left out.
"""

from __future__ import annotations

import os
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files

WORKER, THEME_WORKER = "assets/search.js", "assets/javascripts/workers/search."
FRAME = "assets/from-disk.js"
# Python for the browser, which only loads from a server
PYTHON = "assets/notebook/pyodide/"
# for search engines alone
FOR_SERVERS = ("sitemap.xml", "robots.txt")
CELLS = '<div class="notebook-tools"'
NO_PYTHON = (
    '<p class="notebook-note">서버 없이 연 사본이라 여기서는 파이썬 칸을 실행할 수 없어요. '
    "사이트에서 열거나, 노트북을 내려받아 Jupyter에서 실행하세요.</p>"
)
MODULE = re.compile(r"<script\b[^>]*\btype=.?module\b[^>]*></script>")


def wanted() -> bool:
    """Return whether the copy for the disk is built."""
    return bool(os.environ.get("OFFLINE"))


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make links name files, and leave out the pages that need a server."""
    if wanted():
        config.use_directory_urls = False
        config.extra["polyfills"] = [FRAME]
        config.theme.static_templates.clear()
    return config


def on_files(files: Files, **_: object) -> Files:
    """Join the search's two scripts, since the theme's cannot be fetched from disk; else drop the frame's script."""
    parts = {file.src_uri: file for file in files if file.src_uri.startswith((FRAME, WORKER, THEME_WORKER))}
    if wanted():
        theme = parts[next(name for name in parts if name.startswith(THEME_WORKER))]
        parts[WORKER].content_string += theme.content_string
        useless = [theme, *(file for file in files if file.src_uri.startswith((PYTHON, *FOR_SERVERS)))]
    else:
        useless = [parts[FRAME]]
    for file in useless:
        files.remove(file)
    return files


def on_post_page(output: str, **_: object) -> str:
    """Remove modules, which no browser loads from disk, and say in a notebook why its cells have no buttons."""
    return MODULE.sub("", output).replace(CELLS, NO_PYTHON + CELLS) if wanted() else output
