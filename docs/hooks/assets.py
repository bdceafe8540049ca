"""Joins the site's style sheets into one file and its scripts into another, each with a name made from its content.

The theme's two sheets and every sheet and deferred script of `mkdocs.yml` and its plugins are joined in their order, so
that a first visit needs few requests; a name that changes with the content lets a browser keep the file for ever.
`overrides/main.html` leaves out the theme's own links. It also names a third file, the dark colours alone, for a reader
without JavaScript whose system is dark: what sets the colours otherwise is a script.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch

from mkdocs.config.config_options import ExtraScriptValue
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from docker_run.bundle import shortened

THEME_SHEETS = ("assets/stylesheets/main.*.css", "assets/stylesheets/palette.*.css")
# the theme's files that no page of ours loads
UNUSED = ("*.map", "assets/javascripts/lunr/*", "assets/images/favicon.png")
# what is declared for dark colours, and for any: of two that say the same the later counts
DARK = re.compile(r'\[data-md-color-scheme(?:="?slate"?)?\]\s*(\{[^{}]*\})')
# what keeps transitions still while the colours change, at the price of all styles of the page twice, on every visit
SWITCHING = re.compile(r"\[data-md-color-switching\][^{}]*\{[^{}]*\}")
SOURCE_MAP = re.compile(r"\n?/[/*]# sourceMappingURL=\S+(?: \*/)?")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Replace the sheets and scripts by the two joined files."""
    for file in list(_matching(files, UNUSED)):
        files.remove(file)
    sheets = [*_matching(files, THEME_SHEETS), *_own(files, list(config.extra_css))]
    style = SWITCHING.sub("", joined(sheet.content_string for sheet in sheets))
    config.extra["dark_sheet"] = _publish(files, [], dark(style), "assets/dark.{}.css", config)
    config.extra_css = [_publish(files, sheets, style, "assets/site.{}.css", config)]
    deferred = [one for one in config.extra_javascript if isinstance(one, ExtraScriptValue) and one.defer]
    parts = _own(files, [one.path for one in deferred])
    text = joined(alone(part.content_string) for part in parts)
    script = ExtraScriptValue(_publish(files, parts, text, "assets/site.{}.js", config))
    script.defer = True
    config.extra_javascript = [one for one in config.extra_javascript if one not in deferred] + [script]
    return files


def alone(script: str) -> str:
    """Return the script without comments, in a function, so that its names do not meet those of other scripts."""
    return f"(() => {{\n{shortened(script)}\n}})();"


def joined(texts: Iterable[str]) -> str:
    """Join the texts without their references to source maps, which are not published."""
    return "\n".join(SOURCE_MAP.sub("", text).strip() for text in texts) + "\n"


def dark(style: str) -> str:
    """Return the style's declarations for dark colours, for a page of any colours."""
    return "".join(f"[data-md-color-scheme]{found}\n" for found in DARK.findall(style))


def fingerprint(text: str) -> str:
    """Return the part of a file's name that changes with its content."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _matching(files: Files, patterns: tuple[str, ...]) -> Iterator[File]:
    return (file for pattern in patterns for file in files if fnmatch(file.src_uri, pattern))


def _own(files: Files, paths: list[str]) -> list[File]:
    found = [files.get_file_from_path(path) for path in paths]
    lacking = [path for path, file in zip(paths, found, strict=True) if file is None]
    if lacking:
        raise FileNotFoundError(", ".join(lacking))
    return [file for file in found if file]


def _publish(files: Files, parts: list[File], text: str, name: str, config: MkDocsConfig) -> str:
    """Publish the text instead of the parts; return its path."""
    for part in parts:
        files.remove(part)
    whole = File.generated(config, name.format(fingerprint(text)), content=text)
    files.append(whole)
    return whole.src_uri
