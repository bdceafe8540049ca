"""A page with a recorded demo and a recorded question, whose backend follows a script."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker_run import fence
from docker_run.plugin import ASSETS
from e2e.pages import Demo
from support.canned_backend import HINT, Canned, Run, serving
from support.recorded import output, recording

LABEL = "2026-01-31에 실행한 기록이에요. (sandbox 1 · crun 1)"
REPLAYED = f"실행 서버에 닿지 못해 기록을 보여 드려요. {LABEL}"
COMMAND = "docker run alpine slow"
CHOICES = "0으로 끝나요 | *3으로 끝나요 | 127로 끝나요"
PAGE = """<!doctype html><html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>기록</title><link rel="stylesheet" href="assets/docker-run.css">
<link rel="stylesheet" href="assets/question/question.css">
<script type="module" src="assets/question/question.js"></script>
<script type="module" src="assets/element.js"></script>
<style>:root {{ color-scheme: light dark; background: canvas; }}</style></head>
<body><main><h1>기록</h1>{}<p id="after">다음 문단이에요.</p>{}
<details><summary>풀이</summary><p>셋이에요. 프로그램이 남긴 숫자가 그대로 나와요.</p></details>
<p id="later">그다음 문단이에요.</p></main></body></html>"""


def at(seconds: float, **fields: Any) -> dict[str, Any]:
    return {"at": seconds, **fields}


SLOW = recording(
    at(0.05, type="created", container="12" * 32, argv=["slow"], argv_source="request", created_ms=3.21),
    output("first\n") | at(0.1),
    output("error\n", "stderr") | at(0.2),
    output("last\n") | at(1.5),
    command=COMMAND,
    code=3,
    hint=HINT,
)


def alike(run: Run) -> None:
    """A run as long as the recorded one, after a pull; it waits for the gates `start` and `end`."""
    run.begin(pulls=True)
    run.output("Unable to find image 'alpine:latest' locally\n", "stderr")
    run.until("start")
    run.send("pulled", digest="sha256:", bytes=2_000_000)
    run.start()
    run.output("one\ntwo\nthree\n")
    run.until("end")
    run.exit(127, hint=HINT)


def element(**options: str) -> str:
    return fence.fence(COMMAND, "", "", options, None, recordings={options["id"]: SLOW})


@contextmanager
def served(folder: Path) -> Iterator[Canned]:
    """The page, from `folder`."""
    shutil.copytree(ASSETS, folder / "assets")
    demos = element(id="first"), element(id="question", predict=CHOICES)
    (folder / "page.html").write_text(PAGE.format(*demos))
    with serving(folder) as backend:
        backend.script = alike
        yield backend


def gone(demo: Demo) -> None:
    """From now on no backend answers."""
    demo.page.route("**/v1/**", lambda route: route.abort())


def text(demo: Demo) -> str:
    return str(demo.output.evaluate("e => e.textContent"))


def to_state(demo: Demo, backend: Canned, state: str, clicked: Callable[[], None] = lambda: None) -> None:
    """Idle, replaying, replayed to its end, or ended live; `clicked` looks at the page as the click leaves it."""
    if state == "live":
        backend.open("start")
        backend.open("end")
    elif state != "idle":
        gone(demo)
    if state != "idle":
        demo.root.evaluate("e => void e.run()")
    clicked()
    if state != "idle":
        demo.wait_for("replaying" if state == "replaying" else "ended")
