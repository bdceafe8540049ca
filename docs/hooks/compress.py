"""Lays compressed copies beside the built files, which the backend's own server sends as they are.

A server that compressed on its way would do so anew for every visitor, and let the others wait meanwhile.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import brotli
import offline
from mkdocs.config.defaults import MkDocsConfig

# what the network's own packets make of less is the same
SMALLEST = 500
# above it brotli's best takes longer than all the rest of a build
LARGE = 256 << 10
TEXT = {".html", ".css", ".js", ".mjs", ".json", ".map", ".ndjson", ".svg", ".txt", ".xml", ".ipynb", ".wasm", ".ico"}


def on_post_build(config: MkDocsConfig) -> None:
    """Compress what gets smaller by it."""
    if offline.wanted():
        return
    for file in _compressible(Path(config.site_dir)):
        data = file.read_bytes()
        quality = 5 if len(data) > LARGE else 11
        for suffix, packed in (
            (".br", brotli.compress(data, quality=quality)),
            (".gz", gzip.compress(data, 6 if len(data) > LARGE else 9, mtime=0)),
        ):
            if len(packed) < len(data):
                file.with_name(file.name + suffix).write_bytes(packed)


def _compressible(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        if file.suffix in TEXT and file.is_file() and file.stat().st_size >= SMALLEST:
            yield file
