"""Adds the fence and the element to a MkDocs site, as its plugin `docker-run`, and stops a build on a wrong fence."""

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

from docker_run import bundle, fence, markup
from docker_run.fence import Problem
from docker_run.recording.file import Recording, path_of, read

ASSETS = Path(__file__).parent / "assets"
FOLDER = "assets/docker-run"
STYLES = tuple(ASSETS / name for name in ("docker-run.css", "panels/panels.css", "question/question.css", "tries.css"))
SCRIPT, PANELS, TURNS, QUESTION, TRIES, RARE = (
    f"{FOLDER}/{name}.js" for name in ("docker-run", "panels", "turns", "question", "tries", "rare")
)
# the module that each published script is made of, with those that it imports
ENTRIES = {
    SCRIPT: ASSETS / "element.js",
    PANELS: ASSETS / "panels/panels.js",
    TURNS: ASSETS / "turns.js",
    QUESTION: ASSETS / "question/question.js",
    TRIES: ASSETS / "tries.js",
    RARE: ASSETS / "rare/rare.js",
}
# a page with such an element loads the panels as well
_HAS_PANELS = re.compile(rf"<docker-run[^>]* (?:{'|'.join(markup.PANELS)})=")
# one with a question what asks it
_QUESTION = '<form class="choices"'
# and one with more elements than stream at once what lets them do so in turn
_ELEMENT, STREAMING = "<docker-run", 4
# one with chips below a demo what writes their lines
_CHIPS = '<div class="tries"'
SUPERFENCES = "pymdownx.superfences"
FENCE = {"name": fence.NAME, "class": fence.NAME, "format": fence.fence, "validator": fence.validator}

log = logging.getLogger("mkdocs.plugins.docker-run")


class Settings(Config):  # type: ignore[no-untyped-call]  # MkDocs gives its class hook no types
    """The settings in `mkdocs.yml`.

    `backend` is the http(s) address of a backend, empty for the one that serves the page; `recordings` is the folder
    that `python -m docker_run.recording.record` fills, None where nothing is recorded.
    """

    backend = config_options.URL(default="")
    recordings = config_options.Optional(config_options.Dir())


class DockerRunPlugin(BasePlugin[Settings]):  # type: ignore[no-untyped-call]  # the same
    """Handles the events of a build."""

    def __init__(self) -> None:
        # of the page that is being rendered, by the demo's id
        self._recordings: dict[str, Recording] = {}

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Register the fence beside the site's own fences, and the element's script and styles."""
        if SUPERFENCES not in config.markdown_extensions:
            config.markdown_extensions.append(SUPERFENCES)
        fences: list[dict[str, Any]] = config.mdx_configs.setdefault(SUPERFENCES, {}).setdefault("custom_fences", [])
        if not any(known["name"] == fence.NAME for known in fences):
            fences.append(FENCE | {"format": self._fence})
        # first, so that a site's own style wins
        config.extra_css[:0] = [f"{FOLDER}/{style.name}" for style in STYLES]
        script = config_options.ExtraScriptValue(SCRIPT)
        script.defer = True
        config.extra_javascript.append(script)
        if self.config.recordings:
            config.watch.append(self.config.recordings)
        return config

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the styles and the joined scripts to the site."""
        for style in STYLES:
            short = bundle.shortened_style(style.read_text(encoding="utf-8"))
            files.append(File.generated(config, f"{FOLDER}/{style.name}", content=short))
        for path, entry in ENTRIES.items():
            files.append(File.generated(config, path, content=bundle.joined(entry)))
        return files

    # first, since other plugins change the text: a line number has to be one of the author's file
    @event_priority(100)
    def on_page_markdown(self, markdown: str, *, page: Page, **_: Any) -> str:
        """Stop the build on a wrong fence, and warn of a demo whose recording is missing or of another command.

        Each message begins with its file and line.
        """
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
                found = read(path_of(folder, page, demo.id))
            except ValueError as error:
                yield Problem(demo.line, f"기록을 읽을 수 없어요: {error}")
                continue
            if found and found.command == demo.command:
                self._recordings[demo.id] = found
            else:
                lacking = "기록이 없어요" if not found else f"다른 명령의 기록이에요({found.command})"
                yield Problem(demo.line, f"{demo.id}: {lacking}. python -m docker_run.recording.record 로 기록하세요")

    def _fence(self, source: str, language: str, css_class: str, options: dict[str, str], md: Any, **more: Any) -> str:
        return fence.fence(source, language, css_class, options, md, recordings=self._recordings, **more)

    def on_page_content(self, content: str, *, page: Page, **_: Any) -> str:
        """Add the scripts that only some pages need; they run before the element's."""
        needed = {
            PANELS: _HAS_PANELS.search(content),
            TURNS: content.count(_ELEMENT) > STREAMING,
            QUESTION: _QUESTION in content,
            TRIES: _CHIPS in content,
        }
        addresses = [html.escape(get_relative_url(script, page.url)) for script, wanted in needed.items() if wanted]
        return "".join(f'<script defer src="{address}"></script>' for address in addresses) + content

    def on_post_page(self, output: str, *, page: Page, **_: Any) -> str:
        """Write into the page where the backend is, and what few readers need, as the element looks for both there."""
        named = {
            "docker-run-rare": get_relative_url(RARE, page.url) if _ELEMENT in output else "",
            "docker-run-backend": self.config.backend,
        }
        metas = [f'<meta name="{name}" content="{html.escape(value)}">' for name, value in named.items() if value]
        return output.replace("</head>", f"{''.join(metas)}</head>", 1)
