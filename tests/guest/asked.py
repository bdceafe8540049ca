"""A guest that is served, and what it is asked over HTTP."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from support.backend import Backend

SECONDS = 60.0


@dataclass(frozen=True)
class Served:
    """A guest that is live; `first` is what was answered before: the page, health, and a run."""

    backend: Backend
    first: tuple[int, int, int]

    @property
    def url(self) -> str:
        return self.backend.url


def ask(url: str, method: str, path: str, **headers: str) -> tuple[int, bytes]:
    """The status and the body; 0 where nobody answers."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


def status(url: str, method: str, path: str, **headers: str) -> int:
    return ask(url, method, path, **headers)[0]


def page(url: str) -> int:
    """The status of a page, 0 where nobody answers; a page has its demos."""
    found, body = ask(url, "GET", "/")
    assert found == 0 or b"<docker-run" in body
    return found


def until(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)
