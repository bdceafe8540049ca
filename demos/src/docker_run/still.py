"""A recording as it is read without JavaScript, on paper and by search engines, and as the element reads it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from itertools import groupby

from docker_run import screen
from docker_run.recording import Event, Recording

FOLDED = "먼저 예상해 보고 펼치세요: 기록된 출력"


def html_of(recording: Recording, *, folded: bool) -> str:
    """The output, its end and where it is from, `folded` away for a question; then the events for the element."""
    words = "".join(_parts(recording))
    if folded:
        words = f"<details><summary>{FOLDED}</summary>{words}</details>"
    # the reader's own search would find layers and pids, and the answers of questions
    return f'<div class="recorded" data-search-exclude>{words}</div>{_data(recording)}'


def _parts(recording: Recording) -> Iterator[str]:
    events = recording.events
    output = "".join(_output(events))
    if output:
        yield f"<pre><samp>{output}</samp></pre>"
    yield from (f"<p>{html.escape(event['text'])}</p>" for event in events if event["type"] == "notice")
    end = events[-1]
    yield f"<p>종료 코드 {html.escape(str(end['code']))}</p>"
    if end.get("hint"):
        yield f"<p>{html.escape(end['hint'])}</p>"
    yield f"<p>{html.escape(recording.recorded)}에 실행한 기록이에요. ({html.escape(recording.engine)})</p>"


def _output(events: list[Event]) -> Iterator[str]:
    outputs = (event for event in events if event["type"] == "output")
    for stream, pieces in groupby(outputs, lambda event: str(event["stream"])):
        text = html.escape(screen.shown("".join(piece["text"] for piece in pieces)))
        yield f'<span class="stderr" role="group" aria-label="표준 오류">{text}</span>' if stream == "stderr" else text


def _data(recording: Recording) -> str:
    # inside a script nothing is escaped but by JSON itself: without < neither </script> nor <!-- can end it early
    lines = recording.text.replace("<", "\\u003c")
    return f'<script type="application/x-ndjson">{lines}</script>'
