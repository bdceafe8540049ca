"""Makes a notebook that mkdocs-jupyter has executed a page like the others, as the MkDocs plugin `notebook-run`.

mkdocs-jupyter executes the notebook and fails the build when a cell fails. Its HTML needs JupyterLab's whole style of
574 KB; so only the outputs are taken from it, and the text is rendered by the site's own Markdown.
"""

from __future__ import annotations

import html
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from docker_run import fence
from notebook_run import document

HERE = Path(__file__).parent
FOLDER = "assets/notebook"
PYODIDE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
# the files whose bytes the worker counts; the two scripts are imported, not fetched
COUNTED = PYODIDE[2:]


class Settings(Config):  # type: ignore[no-untyped-call]  # MkDocs gives its class hook no types
    """The settings in `mkdocs.yml`: the folder of the npm package pyodide, and that of the wheels for the cells."""

    pyodide = config_options.Dir(exists=True)
    wheels = config_options.Dir(exists=True)


class NotebookRunPlugin(BasePlugin[Settings]):  # type: ignore[no-untyped-call]  # the same
    """Handles the events of a build, each after mkdocs-jupyter, below which it stands in `mkdocs.yml`."""

    def on_startup(self, **_: Any) -> None:
        """Use our own Jupyter settings, whoever builds: they keep other accounts out of the kernel."""
        os.environ["JUPYTER_CONFIG_DIR"] = str(HERE / "jupyter")

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the script, the style, Python for the browser and the wheels to the site."""
        for source in self._published():
            if not source.is_file():
                raise PluginError(f"{source} 파일이 없어요. make site가 준비해요")
            into = f"{FOLDER}/pyodide" if source.name in PYODIDE else FOLDER
            files.append(File.generated(config, f"{into}/{source.name}", abs_src_path=str(source)))
        return files

    def _published(self) -> list[Path]:
        return [
            *sorted((HERE / "assets").glob("*.[jc]s*")),
            HERE / "cell.py",
            *(Path(self.config.pyodide) / name for name in PYODIDE),
            *self._wheels(),
        ]

    def _wheels(self) -> list[Path]:
        found = sorted(Path(self.config.wheels).glob("*.whl"))
        if not found:
            raise PluginError(f"{self.config.wheels} 폴더에 wheel이 없어요. make site가 준비해요")
        return found

    # after mkdocs-jupyter, which replaces `render`
    @event_priority(-100)
    def on_pre_page(self, page: Page, **_: Any) -> Page:
        """Have a notebook's page read and rendered as Markdown."""
        if not _is_notebook(page):
            return page
        notebook = document.read(page.file.content_string)
        _check_fences(page, notebook)
        execute: Callable[..., None] = page.render

        def read_source(_: MkDocsConfig) -> None:
            page.markdown, page.meta = document.page(notebook), dict(notebook.meta)

        def render(config: MkDocsConfig, files: Files) -> None:
            execute(config, files)
            outputs = _outputs(page.content or "")
            Page.render(page, config, files)
            page.content = document.filled(page.content or "", notebook, outputs, self._tools(page))

        page.read_source, page.render = read_source, render  # type: ignore[method-assign, assignment]  # this page's own
        return page

    def _tools(self, page: Page) -> str:
        """Return the data that the script reads, and the download links."""
        wheels = [get_relative_url(f"{FOLDER}/{wheel.name}", page.url) for wheel in self._wheels()]
        size = sum((Path(self.config.pyodide) / name).stat().st_size for name in COUNTED)
        links = [(Path(page.file.src_uri).name, "노트북 내려받기"), *((wheel, "패키지 내려받기") for wheel in wheels)]
        return (
            f'<div class="notebook-tools" data-wheels="{html.escape(" ".join(wheels))}" data-bytes="{size}">'
            + " ".join(f'<a href="{html.escape(href)}" download>{text}</a>' for href, text in links)
            + '<p class="notebook-spoken" role="status"></p></div>'
        )

    def on_post_page(self, output: str, *, page: Page, **_: Any) -> str:
        """Add the script and the style to a notebook's page."""
        if not _is_notebook(page):
            return output
        here = get_relative_url(FOLDER, page.url)
        parts = (
            f'<link rel="stylesheet" href="{here}/notebook.css">'
            f'<script type="module" src="{here}/notebook.js"></script>'
        )
        return output.replace("</head>", f"{parts}</head>", 1)


def _is_notebook(page: Page) -> bool:
    return page.file.src_uri.endswith(".ipynb")


def _check_fences(page: Page, notebook: document.Notebook) -> None:
    found = [
        f"{page.file.src_uri}: 글 칸 {number}, {wrong.line}째 줄: {wrong.text}"
        for number, text in enumerate(notebook.texts, 1)
        for wrong in fence.problems(text)
    ]
    if found:
        raise PluginError("\n".join(found))


def _outputs(content: str) -> list[str]:
    """Return the output of each code cell as text, from the HTML that mkdocs-jupyter made."""
    cells = BeautifulSoup(content, "html.parser").select(".jp-CodeCell[id]")
    return ["".join(part.get_text() for part in cell.select(".jp-OutputArea-output > pre")).rstrip() for cell in cells]
