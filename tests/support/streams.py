"""A run's stream of events, read as it comes."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from support.backend import Backend
from support.client import Event, call
from support.web_server import Web


@contextmanager
def reading(
    server: Web | Backend, line: str, host: str | None = None, address: str = "127.0.0.1"
) -> Iterator[Iterator[Event]]:
    """The events of a run as they come to `address`; leaving the block closes the connection."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20, source_address=(address, 0))
    body = {"command": line} | ({"host": host} if host else {})
    with closing(connection):
        connection.request("POST", "/v1/runs", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        with closing(answer):
            assert answer.status == 200, answer.read()
            yield (json.loads(one) for one in answer)


def reach(events: Iterator[Event], kind: str) -> Event:
    """Read up to the first event of that type."""
    return next(event for event in events if event["type"] == kind)


def idle(web: Web) -> bool:
    """Whether nothing runs or waits, in the web process and in the runner."""
    health = call(web.url, "GET", "/v1/health")[1]
    return bool(health["running"] == health["queued"] == web.fake.live == 0)
