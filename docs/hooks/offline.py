"""The copy of the site that opens from disk, when OFFLINE is set: a browser reads no folder, module or JSON there.

So links name files, the search reads a script (search.py writes it) and runs in a frame (assets/from-disk.js), and what
only a server can do is left out.
"""

from __future__ import annotations

import os
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files

WORKER, THEME_WORKER = "assets/search.js", "assets/javascripts/workers/search."
FRAME = "assets/from-disk.js"
# Python for the browser, which comes from a server or not at all
PYTHON = "assets/notebook/pyodide/"
# what speaks to search engines, and is a template until the theme fills it
FOR_SERVERS = ("sitemap.xml", "robots.txt")
CELLS = '<div class="notebook-tools"'
NO_PYTHON = (
    '<p class="notebook-note">서버 없이 연 사본이라 여기서는 파이썬 칸을 실행할 수 없어요. '
    "사이트에서 열거나, 노트북을 내려받아 Jupyter에서 실행하세요.</p>"
)
MODULE = re.compile(r"<script\b[^>]*\btype=.?module\b[^>]*></script>")


def wanted() -> bool:
    return bool(os.environ.get("OFFLINE"))


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Links that name files, and no page that only a server shows."""
    if wanted():
        config.use_directory_urls = False
        config.extra["polyfills"] = [FRAME]
        config.theme.static_templates.clear()
    return config


def on_files(files: Files, **_: object) -> Files:
    """One script for the search: ours, then the theme's, which cannot be fetched later."""
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
    """No modules: no browser loads them from disk. A notebook says why its cells have no buttons."""
    return MODULE.sub("", output).replace(CELLS, NO_PYTHON + CELLS) if wanted() else output
