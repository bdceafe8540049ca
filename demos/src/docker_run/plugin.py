"""The MkDocs plugin `docker-run`: wires the fence and the element into a site and stops a build on a wrong fence."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from docker_run import element, fence, recording, script
from docker_run.fence import Problem
from docker_run.recording import Recording

ASSETS = Path(__file__).parent / "assets"
FOLDER = "assets/docker-run"
STYLES = ("docker-run.css", "panels.css")
# what only some pages need: the script, and how its page is known
PANELS = "panels.js"
_HAS_PANELS = re.compile(rf"<docker-run[^>]* (?:{'|'.join(element.PANELS)})=")
SUPERFENCES = "pymdownx.superfences"
FENCE = {"name": fence.NAME, "class": fence.NAME, "format": fence.fence, "validator": fence.validator}

log = logging.getLogger("mkdocs.plugins.docker-run")


class Settings(Config):  # type: ignore[no-untyped-call]  # MkDocs gives its class hook no types
    """`backend` is the http(s) address of a backend; empty means the one that serves the page. `recordings` is the
    folder that `python -m docker_run.record` fills, beside `mkdocs.yml`; without it nothing is recorded."""

    backend = config_options.URL(default="")
    recordings = config_options.Optional(config_options.Dir())


class DockerRunPlugin(BasePlugin[Settings]):  # type: ignore[no-untyped-call]  # the same
    """What three lines of `mkdocs.yml` bring."""

    def __init__(self) -> None:
        # of the page whose text is being made, by the fence's id
        self._recordings: dict[str, Recording] = {}

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Register the fence beside those that the site has, and the element's script and style."""
        if SUPERFENCES not in config.markdown_extensions:
            config.markdown_extensions.append(SUPERFENCES)
        fences: list[dict[str, Any]] = config.mdx_configs.setdefault(SUPERFENCES, {}).setdefault("custom_fences", [])
        if not any(known["name"] == fence.NAME for known in fences):
            fences.append(FENCE | {"format": self._fence})
        # first, so that a site's own style has the last word
        config.extra_css[:0] = [f"{FOLDER}/{style}" for style in STYLES]
        loaded = config_options.ExtraScriptValue(f"{FOLDER}/{script.NAME}")
        loaded.defer = True
        config.extra_javascript.append(loaded)
        if self.config.recordings:
            config.watch.append(self.config.recordings)
        return config

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the element's own files to the site."""
        for style in STYLES:
            files.append(File.generated(config, f"{FOLDER}/{style}", abs_src_path=str(ASSETS / style)))
        files.append(File.generated(config, f"{FOLDER}/{script.NAME}", content=script.joined(ASSETS)))
        files.append(File.generated(config, f"{FOLDER}/{PANELS}", content=script.joined(ASSETS, PANELS)))
        return files

    # before other plugins change the text: the line is one of the author's file
    @event_priority(100)
    def on_page_markdown(self, markdown: str, *, page: Page, **_: Any) -> str:
        """Stop the build on a fence that is written wrongly, warn of one whose recording is not there or is another
        command's, each with its file and line."""
        source = page.file.content_string if page.file.src_uri.endswith(".md") else markdown
        before = source.count("\n") - markdown.count("\n")

        def at(found: Problem) -> str:
            return f"{page.file.src_uri}:{before + found.line}: {found.text}"

        self._recordings = {}
        wrong = list(fence.problems(markdown))
        if self.config.recordings and not wrong:
            wrong = list(fence.unnamed(markdown))
        if wrong:
            raise PluginError("\n".join(map(at, wrong)))
        if self.config.recordings:
            for missing in self._take_recordings(Path(self.config.recordings), page.file.src_uri, markdown):
                log.warning(at(missing))
        return markdown

    def _take_recordings(self, folder: Path, page: str, markdown: str) -> Iterator[Problem]:
        for demo in fence.fences(markdown):
            try:
                found = recording.read(recording.place(folder, page, demo.id))
            except ValueError as error:
                yield Problem(demo.line, f"기록을 읽을 수 없어요: {error}")
                continue
            if found and found.command == demo.command:
                self._recordings[demo.id] = found
            else:
                lacking = "기록이 없어요" if not found else f"다른 명령의 기록이에요({found.command})"
                yield Problem(demo.line, f"{demo.id}: {lacking}. python -m docker_run.record 로 기록하세요")

    def _fence(self, source: str, language: str, css_class: str, options: dict[str, str], md: Any, **more: Any) -> str:
        return fence.fence(source, language, css_class, options, md, recordings=self._recordings, **more)

    def on_page_content(self, content: str, *, page: Page, **_: Any) -> str:
        """Load the panels before the element, where there are any."""
        if not _HAS_PANELS.search(content):
            return content
        address = get_relative_url(f"{FOLDER}/{PANELS}", page.url)
        return f'<script defer src="{html.escape(address)}"></script>{content}'

    def on_post_page(self, output: str, **_: Any) -> str:
        """Tell the element where the backend is."""
        if not self.config.backend:
            return output
        meta = f'<meta name="docker-run-backend" content="{html.escape(self.config.backend)}">'
        return output.replace("</head>", f"{meta}</head>", 1)
