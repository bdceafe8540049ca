"""Writes the HTML of a fence: one `<docker-run>` element, or one for each isolation that `compare` names.

Of several elements, each but the first follows the first: it runs the same line when that one does. The choices of a
question stand before them, as a form that sends nothing; the lines that the author proposes to try stand below them.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping

from docker_run import question, tries
from docker_run.recording import render
from docker_run.recording.file import Recording

DEFAULT_LINES = "6"
# attributes that each ask for a panel, which shows more of a run or starts others with it
PANELS = ("charts", "isolation", "view", "beside")
LEGEND = "내 예상을 먼저 골라 보세요."


def elements(options: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """Yield the id and the isolation of each element that the options make; the first has the fence's own id."""
    name = options.get("id", "")
    first, *others = options["compare"].split() if "compare" in options else [None]
    yield name, first
    yield from ((f"{name}-{isolation}", isolation) for isolation in others)


def html_of(source: str, options: Mapping[str, str], recordings: Mapping[str, Recording]) -> str:
    """Return the elements, each with its command line as readable content and with its recording if there is one.

    Of a question the choices come first.
    They stand in a `div`, since Python-Markdown takes an unknown tag for a part of a paragraph.
    """
    lines = options.get("lines", DEFAULT_LINES)
    kind = "docker-run isolations" if "compare" in options else "docker-run"
    made = "".join(
        _element(source, {**options, "lines": lines, "id": name}, isolation, recordings.get(name))
        for name, isolation in elements(options)
    )
    asked = _choices(options["predict"], recordings.get(options.get("id", ""))) if "predict" in options else ""
    proposed = tries.html_of(source.strip(), options.get("try", ""))
    return f'<div class="{kind}" style="--docker-run-lines: {lines}">{asked}{made}{proposed}</div>'


def _choices(written: str, recording: Recording | None) -> str:
    """Return the choices as radio buttons, with what the script judges a run by: the right one, the recorded code."""
    choices = question.parse(written)
    radios = "".join(
        f'<label><input type="radio" name="choice" value="{number}"> {html.escape(text)}</label>'
        for number, text in enumerate(choices.texts, 1)
    )
    code = f' data-code="{recording.events[-1]["code"]}"' if recording else ""
    # a dialog's method, so that without a script Enter leads nowhere; a browser shall not remember the choice either
    form = f'<form class="choices" method="dialog" autocomplete="off" data-right="{choices.right}"{code}'
    return f"{form} data-search-exclude><fieldset><legend>{LEGEND}</legend>{radios}</fieldset></form>"


def _element(source: str, options: Mapping[str, str], isolation: str | None, recording: Recording | None) -> str:
    first = options["id"].removesuffix(f"-{isolation}")
    given = {
        "id": options["id"],
        "label": options.get("title"),
        "charts": options.get("charts"),
        "view": options.get("view"),
        "beside": options.get("beside"),
        "pull": options.get("pull"),
        "isolation": isolation,
        "follows": first if first != options["id"] else None,
        "lines": options["lines"],
    }
    named = "".join(f' {name}="{html.escape(value)}"' for name, value in given.items() if value)
    marks = "".join(f" {mark}" for mark, on in (("predict", "predict" in options), ("recorded", recording)) if on)
    command = f'<pre translate="no"><code>{html.escape(source.strip())}</code></pre>'
    recorded = render.html_of(recording, folded="predict" in options) if recording else ""
    return f"<docker-run{named}{marks}>{command}{recorded}</docker-run>"
