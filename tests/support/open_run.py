"""A run whose events are read one by one, by a reader who may leave at any moment."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit


class OpenRun:
    """A run that has been asked for."""

    def __init__(self, base: str, line: str, host: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/v1/runs", json.dumps({"command": line, "host": host}), headers)
        self._answer = self._connection.getresponse()

    def until(self, kind: str) -> dict[str, object]:
        """The next event of this type; AssertionError when none comes."""
        while line := self._answer.readline():
            event: dict[str, object] = json.loads(line)
            if event["type"] == kind:
                return event
        raise AssertionError(f"no {kind}")

    def last(self) -> dict[str, object]:
        """The last event, once it has come."""
        last: dict[str, object] = json.loads(self._answer.readlines()[-1])
        return last

    def leave(self) -> None:
        """Close the connection, whether the run has ended or not."""
        self._answer.close()
        self._connection.close()
