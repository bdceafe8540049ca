"""A fence as the page has it: one `<docker-run>`, or one for each isolation that is compared, the others following the
first."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping

from docker_run import still
from docker_run.recording import Recording

DEFAULT_LINES = "6"
# attributes that ask for more to be shown of a run
PANELS = ("charts", "isolation", "view")


def ids(options: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """The id and the isolation of each element that the options make; the first has the fence's own id."""
    name = options.get("id", "")
    first, *others = options["compare"].split() if "compare" in options else [None]
    yield name, first
    yield from ((f"{name}-{isolation}", isolation) for isolation in others)


def html_of(source: str, options: Mapping[str, str], recordings: Mapping[str, Recording]) -> str:
    """The elements, each with the command line as its readable content and its recording. The `div` around them is for
    Python-Markdown, to which an unknown tag is part of a paragraph."""
    lines = options.get("lines", DEFAULT_LINES)
    kind = "docker-run isolations" if "compare" in options else "docker-run"
    elements = "".join(
        _element(source, {**options, "lines": lines, "id": name}, isolation, recordings.get(name))
        for name, isolation in ids(options)
    )
    return f'<div class="{kind}" style="--docker-run-lines: {lines}">{elements}</div>'


def _element(source: str, options: Mapping[str, str], isolation: str | None, recording: Recording | None) -> str:
    leads = options["id"].removesuffix(f"-{isolation}")
    given = {
        "id": options["id"],
        "label": options.get("title"),
        "charts": options.get("charts"),
        "view": options.get("view"),
        "beside": options.get("beside"),
        "isolation": isolation,
        "follows": leads if leads != options["id"] else None,
        "lines": options["lines"],
    }
    named = "".join(f' {name}="{html.escape(value)}"' for name, value in given.items() if value)
    marks = "".join(f" {mark}" for mark, on in (("predict", "predict" in options), ("recorded", recording)) if on)
    command = f"<pre><code>{html.escape(source.strip())}</code></pre>"
    recorded = still.html_of(recording, folded="predict" in options) if recording else ""
    return f"<docker-run{named}{marks}>{command}{recorded}</docker-run>"
