"""One way to try the project, from `make serve` to Ctrl-C, with a reader's browser before it; and how long it took."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from e2e.pages import Demo
from fresh.container import Container, Terminal
from support.backend import free_port
from support.client import NoStreamError, new_host, run

LINE = "docker run alpine ls"
PAGE_SECONDS, LIVE_SECONDS, END_SECONDS = 600.0, 300.0, 30.0
RUNS, SOME_PACKAGES = 20, 10


class Failed(Exception):
    """Something that was promised did not happen; the text says what, and what was printed last."""


@dataclass
class Seen:
    """Seconds since `make serve` was typed, and what else was measured; None where it did not come to that."""

    page: float | None = None
    live: float | None = None
    again_page: float | None = None
    again_live: float | None = None
    p50: float | None = None
    packages: int | None = None
    failure: str = ""


def tried(container: Container, browser: Browser, log: Path) -> Seen:
    """Try it to the end or to the first failure, which is told in `failure`."""
    seen = Seen()
    try:
        if container.way.cut:
            _cut_off(container, log.with_suffix(".cut.log"))
        _first(container, browser, log.with_suffix(".first.log"), seen)
        _second(container, log.with_suffix(".second.log"), seen)
    except (Failed, AssertionError, OSError) as error:
        seen.failure = str(error)
    return seen


def _cut_off(container: Container, log: Path) -> None:
    there = _packages(container)
    with _Serving(container, log) as serving:
        serving.wait("some packages", lambda _: _packages(container) > there + SOME_PACKAGES, PAGE_SECONDS)
        container.cut_off()


def _first(container: Container, browser: Browser, log: Path, seen: Seen) -> None:
    before, packages = container.traces(), _packages(container)
    with _Serving(container, log) as serving:
        seen.page = serving.wait("a page", _has_page, PAGE_SECONDS)
        seen.packages = _packages(container) - packages
        seen.live = serving.wait("a live run", _runs, LIVE_SECONDS)
        _click(browser, serving.url)
        seen.p50 = _median(serving.url)
        serving.end(serving.terminal.interrupt, "Ctrl-C", (0, 130))
    _nothing_left(container, before, "Ctrl-C")


def _second(container: Container, log: Path, seen: Seen) -> None:
    before = container.traces()
    with _Serving(container, log) as serving:
        seen.again_page = serving.wait("a page", _has_page, PAGE_SECONDS)
        seen.again_live = serving.wait("a live run", _runs, LIVE_SECONDS)
        serving.end(lambda: container.terminate("make"), "SIGTERM", None)
    _nothing_left(container, before, "SIGTERM")


class _Serving:
    """`make serve` on a free port."""

    def __init__(self, container: Container, log: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.begun = time.monotonic()
        argv = container.argv("make", "serve", f"PORT={port}", terminal=True)
        self.terminal = Terminal(container.engine, argv, log)

    def __enter__(self) -> _Serving:
        return self

    def __exit__(self, *_: object) -> None:
        self.terminal.close()

    def wait(self, what: str, there: Callable[[str], bool], seconds: float) -> float:
        """Until something is there; the seconds since the start. Failed when it ends before, or takes too long."""
        deadline = time.monotonic() + seconds
        while not there(self.url):
            if (code := self.terminal.ended(0.1)) is not None:
                raise Failed(f"make serve ended with {code} before {what}\n{self.terminal.last_words()}")
            if time.monotonic() > deadline:
                raise Failed(f"no {what} after {seconds:.0f} s\n{self.terminal.last_words()}")
        return time.monotonic() - self.begun

    def end(self, way: Callable[[], None], name: str, codes: tuple[int, ...] | None) -> None:
        """End it in some way. Failed when it goes on, or ends with another status than these."""
        way()
        code = self.terminal.ended(END_SECONDS)
        if code is None or (codes is not None and code not in codes):
            raise Failed(f"after {name} the exit status was {code}\n{self.terminal.last_words()}")


def _has_page(url: str) -> bool:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status == 200 and b"<docker-run" in answer.read()
    except OSError:
        return False
    finally:
        connection.close()


def _runs(url: str) -> bool:
    try:
        result = run(url, LINE, new_host(url))
    except (OSError, NoStreamError, AssertionError, json.JSONDecodeError):
        return False
    return result.code == 0 and "etc" in result.stdout.split()


def _click(browser: Browser, url: str) -> None:
    """A reader's click: what the page then shows came from this backend just now, and not from a recording."""
    page = browser.new_page()
    try:
        page.goto(url)
        demo = Demo(page, "first")
        with page.expect_response(lambda answer: answer.url == f"{url}/v1/runs") as answered:
            demo.run(LINE)
        demo.wait_for_end()
        assert answered.value.status == 200, answered.value.status
        expect(demo.output).to_contain_text("etc")
        expect(demo.source).to_be_empty()
        assert demo.code == 0, demo.result.inner_text()
    finally:
        page.close()


def _median(url: str) -> float:
    """Seconds of `docker run alpine true`, from the request to the last event, in the middle of RUNS of them."""
    host, taken = new_host(url), []
    for _ in range(RUNS):
        begun = time.monotonic()
        result = run(url, "docker run alpine true", host)
        taken.append(time.monotonic() - begun)
        assert result.code == 0, result.events
    return statistics.median(taken)


def _packages(container: Container) -> int:
    return len(container.run("dpkg-query", "--show").splitlines())


def _nothing_left(container: Container, before: set[str], name: str) -> None:
    deadline = time.monotonic() + END_SECONDS
    while left := container.traces() - before:
        if time.monotonic() > deadline:
            raise Failed(f"left after {name}: {', '.join(sorted(left))}")
        time.sleep(0.2)
