"""A run's stream, read in a thread of its own."""

from __future__ import annotations

import http.client
import threading
from typing import Any

from support.client import Result, new_host, run

SECONDS = 60.0


class Stream(threading.Thread):
    """A run whose events are read until they end; `begun` is set when the program has started."""

    def __init__(self, url: str, line: str) -> None:
        super().__init__()
        self.url, self.line, self.host = url, line, new_host(url)
        self.begun, self.result, self.error = threading.Event(), None, None
        self.start()
        assert self.begun.wait(SECONDS)

    result: Result | None
    error: Exception | None

    def run(self) -> None:
        try:
            self.result = run(self.url, self.line, self.host, each=self._each)
        except (OSError, AssertionError, http.client.HTTPException) as error:
            self.error = error

    def _each(self, event: dict[str, Any]) -> None:
        if event["type"] == "started":
            self.begun.set()
