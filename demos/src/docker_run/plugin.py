"""The MkDocs plugin `docker-run`: wires the fence and the element into a site and stops a build on a wrong fence."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docker_run import fence

ASSETS = Path(__file__).parent / "assets"
FOLDER = "assets/docker-run"
SUPERFENCES = "pymdownx.superfences"
FENCE = {"name": fence.NAME, "class": fence.NAME, "format": fence.fence, "validator": fence.validator}


class Settings(Config):  # type: ignore[no-untyped-call]  # MkDocs gives its class hook no types
    """`backend` is the http(s) address of a backend; empty means the one that serves the page."""

    backend = config_options.URL(default="")


class DockerRunPlugin(BasePlugin[Settings]):  # type: ignore[no-untyped-call]  # the same
    """What three lines of `mkdocs.yml` bring."""

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Register the fence beside those that the site has, and the element's script and style."""
        if SUPERFENCES not in config.markdown_extensions:
            config.markdown_extensions.append(SUPERFENCES)
        fences: list[dict[str, Any]] = config.mdx_configs.setdefault(SUPERFENCES, {}).setdefault("custom_fences", [])
        if not any(known["name"] == fence.NAME for known in fences):
            fences.append(FENCE)
        # first, so that a site's own style has the last word
        config.extra_css.insert(0, f"{FOLDER}/docker-run.css")
        script = config_options.ExtraScriptValue(f"{FOLDER}/element.js")
        script.type = "module"
        config.extra_javascript.append(script)
        return config

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the element's own files to the site."""
        for asset in sorted(ASSETS.glob("*.[jc]s*")):
            files.append(File.generated(config, f"{FOLDER}/{asset.name}", abs_src_path=str(asset)))
        return files

    # before other plugins change the text: the line is one of the author's file
    @event_priority(100)
    def on_page_markdown(self, markdown: str, *, page: Page, **_: Any) -> str:
        """Stop the build on a fence that is written wrongly, with its file and line."""
        before = page.file.content_string.count("\n") - markdown.count("\n")
        found = [f"{page.file.src_uri}:{before + wrong.line}: {wrong.text}" for wrong in fence.problems(markdown)]
        if found:
            raise PluginError("\n".join(found))
        return markdown

    def on_post_page(self, output: str, **_: Any) -> str:
        """Tell the element where the backend is."""
        if not self.config.backend:
            return output
        meta = f'<meta name="docker-run-backend" content="{html.escape(self.config.backend)}">'
        return output.replace("</head>", f"{meta}</head>", 1)
