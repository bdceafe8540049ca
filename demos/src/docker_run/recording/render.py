"""Renders a recording as HTML, readable without JavaScript, and as data for the element."""

from __future__ import annotations

import html
from collections.abc import Iterator
from itertools import groupby

from docker_run.recording import terminal
from docker_run.recording.file import Event, Recording

FOLDED = "먼저 예상해 보고 펼치세요: 기록된 출력"


def html_of(recording: Recording, *, folded: bool) -> str:
    """Return the output, the exit code and the origin of a recording, then its events in a script.

    `folded` hides the first part until the reader opens it, for a question.
    """
    readable = "".join(_parts(recording))
    if folded:
        readable = f"<details><summary>{FOLDED}</summary>{readable}</details>"
    # the site's own search would find layers and pids in it, and the answers of questions
    return f'<div class="recorded" data-search-exclude>{readable}</div>{_data(recording)}'


def _parts(recording: Recording) -> Iterator[str]:
    events = recording.events
    output = "".join(_output(events))
    if output:
        yield f'<pre translate="no"><samp>{output}</samp></pre>'
    yield from (f"<p>{html.escape(event['text'])}</p>" for event in events if event["type"] == "notice")
    end = events[-1]
    yield f"<p>종료 코드 {html.escape(str(end['code']))}</p>"
    if end.get("hint"):
        yield f"<p>{html.escape(end['hint'])}</p>"
    yield f"<p>{html.escape(recording.recorded)}에 실행한 기록이에요. ({html.escape(recording.engine)})</p>"


def _output(events: list[Event]) -> Iterator[str]:
    outputs = (event for event in events if event["type"] == "output")
    for stream, pieces in groupby(outputs, lambda event: str(event["stream"])):
        text = html.escape(terminal.shown("".join(piece["text"] for piece in pieces)))
        yield f'<span class="stderr" role="group" aria-label="표준 오류">{text}</span>' if stream == "stderr" else text


def _data(recording: Recording) -> str:
    # inside a script nothing is escaped but by JSON itself: without < neither </script> nor <!-- can end it early
    lines = recording.text.replace("<", "\\u003c")
    return f'<script type="application/x-ndjson">{lines}</script>'
