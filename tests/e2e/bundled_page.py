"""A page with the scripts as they are published: joined, shortened, and one of them loaded when it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docker_run import bundle
from docker_run.plugin import ASSETS, ENTRIES
from support.canned_backend import Canned, serving

PAGE = """<!doctype html><html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>실행</title><meta name="docker-run-rare" content="rare.js"><link rel="stylesheet" href="docker-run.css">
<script defer src="docker-run.js"></script><style>:root { color-scheme: light dark; }</style></head>
<body><main><h1>실행</h1>
<docker-run id="first"><pre><code>docker run alpine ls</code></pre></docker-run></main></body></html>"""


@contextmanager
def served(folder: Path) -> Iterator[Canned]:
    """The page, from `folder`."""
    for path, entry in ENTRIES.items():
        (folder / Path(path).name).write_text(bundle.joined(entry))
    (folder / "docker-run.css").write_text(bundle.shortened_style((ASSETS / "docker-run.css").read_text()))
    (folder / "page.html").write_text(PAGE)
    with serving(folder) as backend:
        yield backend
