"""Says why a registry gave nothing, in containerd's words, whether it is worth asking again, and when."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.response import BaseHTTPResponse

from sandbox.images.puller import connections

# what a connection fails with
FAILURES = (HTTPError, OSError)
# what may be over a moment later: too slow, too many, and what a server says that is being started or moved
PASSING = frozenset((408, 429, 500, 502, 503, 504))
MOST_RETRIES = 4
FIRST_SECONDS = 0.5


class RegistryError(Exception):
    """A call that did not give what it was for; `code` is stable, `text` is containerd's part of the message.

    `again` are the seconds after which it may be asked again, as far as it says, and 0 where that is ours to choose;
    None where the answer would be the same.
    """

    def __init__(self, code: str, text: str, again: float | None = None) -> None:
        super().__init__(text)
        self.code, self.text, self.again = code, text, again


def retry_after(status: int, headers: Mapping[str, str]) -> float | None:
    """Return what an answer says of asking again, as `RegistryError.again` has it (RFC 9110, 10.2.3)."""
    if status not in PASSING:
        return None
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        # so many digits are for ever, and Python turns no more than some thousand of them into a number
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError, TypeError):
        return 0.0


class Patience:
    """The pauses before a registry is asked again: longer and longer ones, and as long as it asks for, but altogether
    no more than `seconds` and MOST_RETRIES."""

    def __init__(self, seconds: float) -> None:
        self._left, self._number = seconds, 0

    def pause(self, error: RegistryError) -> float | None:
        """Return how long to wait before the next try; None when there shall be none."""
        if error.again is None or self._number >= MOST_RETRIES:
            return None
        seconds = error.again or FIRST_SECONDS * 2**self._number
        if seconds > self._left:
            return None
        self._number += 1
        self._left -= seconds
        return seconds


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Return what went wrong on the way, as containerd words it."""
    try:
        yield
    except FAILURES as error:
        code = "registry-slow" if is_slow(error) else "registry-down"
        # one that takes connections and lets go of them is on its way up or down
        again = None if is_slow(error) or isinstance(error, NewConnectionError | SSLError) else 0
        raise RegistryError(code, f"failed to do request: {line(url)}: {_reason(error, url)}", again) from error


def is_slow(error: BaseException) -> bool:
    """Whether it was waited for in vain."""
    # urllib3 makes a refused connection a kind of time-out
    slow = isinstance(error, ConnectTimeoutError | ReadTimeoutError | TimeoutError)
    return slow and not isinstance(error, NewConnectionError)


def _reason(error: BaseException, url: str) -> str:
    """Return Go's own message for the usual failures."""
    _, host, port = connections.origin(url)
    cause = error.__cause__ or error.__context__
    if isinstance(error, NameResolutionError):
        return f"dial tcp: lookup {host}: no such host"
    if isinstance(error, NewConnectionError) and isinstance(cause, OSError) and cause.errno:
        return f"dial tcp {host}:{port}: connect: {os.strerror(cause.errno).lower()}"
    if isinstance(error, ConnectTimeoutError):
        return f"dial tcp {host}:{port}: i/o timeout"
    if is_slow(error):
        return "net/http: timeout awaiting response headers"
    return "tls: failed to verify certificate" if isinstance(error, SSLError) else "EOF"


def unexpected(url: str, answer: BaseHTTPResponse) -> RegistryError:
    """Return the error for an answer of a status that means nothing here."""
    text = f"unexpected status from {line(url)}: {_status(answer.status)}"
    code = {404: "blob-missing", 429: "rate-limited"}.get(answer.status, "registry-error")
    return RegistryError(code, text, retry_after(answer.status, answer.headers))


def line(url: str) -> str:
    """Return how Go names the request for an address: containerd asks for the head of a manifest first."""
    return f'Head "{url}"' if "/manifests/" in url else f'Get "{url}"'


def _status(number: int) -> str:
    try:
        return f"{number} {HTTPStatus(number).phrase}"
    except ValueError:
        return str(number)
