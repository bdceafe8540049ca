"""The puller's side of its socket: whoever asks gets an answer, whatever goes wrong."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, cast

import pytest
from urllib3.response import BaseHTTPResponse, HTTPResponse

from sandbox.images.puller import messages, trouble
from sandbox.images.puller.connections import Use
from sandbox.images.puller.messages import Check, Failed, Fetch, Fetched, Progress, Reply, Retrying
from sandbox.images.puller.process import Service
from sandbox.images.puller.registry import Registry
from sandbox.images.puller.trouble import Patience, RegistryError, retry_after
from support import oci, pace

NUMBER = 7


class Broken:
    """Stands for a registry client that raises an `error`."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def check(self) -> None:
        """Raise it."""
        raise self._error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RegistryError("registry-down", "EOF"), Failed("registry-down", "EOF")),
        (OSError("no"), Failed("puller-failed", "OSError: no")),
        # of which nobody has thought
        (KeyError("x" * 9000), Failed("puller-failed", f"KeyError: '{'x' * 9000}'"[:4000])),
    ],
    ids=["of the registry", "of the machine", "of nobody"],
)
def test_every_error_is_an_answer(error: Exception, said: Failed) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.settimeout(10)
        service = Service(theirs, cast(Registry, Broken(error)))
        service._wanted[NUMBER] = Use()
        service.answer(NUMBER, Check(), [])
        assert messages.decode_reply(ours.recv(messages.LARGEST_MESSAGE)) == (NUMBER, said)


class Passing:
    """Stands for a registry client that gives a blob, once it has raised `errors`; before each it gives half of it."""

    def __init__(self, *errors: RegistryError, data: bytes = b"whole") -> None:
        self._errors, self._data = list(errors), data
        self.asked = 0

    @contextmanager
    def blob(self, _: str, __: str) -> Iterator[BaseHTTPResponse]:
        """Give it."""
        self.asked += 1
        whole = not self._errors
        body = self._data if whole else self._data[:2]
        yield cast(BaseHTTPResponse, Half(body, None if whole else self._errors.pop(0)))


class Half(HTTPResponse):
    """An answer that ends with an error, if there is one."""

    def __init__(self, body: bytes, error: RegistryError | None) -> None:
        super().__init__(body=[body], preload_content=False)
        self._left, self._error = body, error

    def read1(self, *_: object, **__: object) -> bytes:
        """Give the bytes, and then the end."""
        body, self._left = self._left, b""
        if not body and self._error:
            raise self._error
        return body


@contextmanager
def fetching(registry: Passing, patience: float) -> Iterator[tuple[Service, Callable[[], Reply], IO[bytes]]]:
    """A puller that fetches for as long as the block lasts; what it says next, but how far it is, and its file."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def said() -> Reply:
        while isinstance(reply := messages.decode_reply(ours.recv(messages.LARGEST_MESSAGE))[1], Progress):
            pass
        return reply

    with ours, theirs, tempfile.TemporaryFile() as file:
        ours.settimeout(pace.seconds(10))
        service = Service(theirs, cast(Registry, registry), patience)
        service._wanted[NUMBER] = Use()
        wish = Fetch("blob", "x", oci.digest_of(b"whole"), 5)
        thread = threading.Thread(target=service.answer, args=(NUMBER, wish, [os.dup(file.fileno())]))
        thread.start()
        yield service, said, file
        thread.join(pace.seconds(10))
        assert not thread.is_alive()


def fetched(registry: Passing, patience: float) -> tuple[list[Reply], bytes]:
    """What the puller says of a fetch, and what it has written."""
    with fetching(registry, patience) as (_, said, file):
        replies = [said()]
        while isinstance(replies[-1], Retrying):
            replies.append(said())
        file.seek(0)
        return replies, file.read()


BUSY, GONE = RegistryError("rate-limited", "429", 0), RegistryError("blob-missing", "404")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trouble, "FIRST_SECONDS", 0.01)


@pytest.mark.usefixtures("short")
def test_a_registry_that_cannot_answer_just_now_is_asked_again_and_the_first_half_forgotten() -> None:
    replies, data = fetched(Passing(BUSY, RegistryError("registry-error", "503", 0.015)), 1)
    assert replies == [Retrying(0.01), Retrying(0.015), Fetched(oci.digest_of(b"whole"), 5)]
    assert data == b"whole"


@pytest.mark.usefixtures("short")
def test_it_is_asked_so_often_and_not_once_more() -> None:
    replies, _ = fetched(registry := Passing(*[BUSY] * 9), 100)
    assert replies == [*map(Retrying, (0.01, 0.02, 0.04, 0.08)), Failed("rate-limited", "429")]
    assert registry.asked == 1 + trouble.MOST_RETRIES


def test_who_wants_to_be_asked_later_than_we_wait_is_not_asked_again() -> None:
    late = RegistryError("rate-limited", "429", 61)
    assert fetched(Passing(late), 30)[0] == [Failed("rate-limited", "429")]
    assert fetched(Passing(BUSY), 0)[0] == [Failed("rate-limited", "429")]


def test_what_would_be_the_same_again_is_not_asked_for() -> None:
    assert fetched(registry := Passing(GONE), 30)[0] == [Failed("blob-missing", "404")]
    assert registry.asked == 1


def test_who_is_cancelled_does_not_wait() -> None:
    registry = Passing(RegistryError("x", "y", 1000))
    with fetching(registry, 2000) as (service, said, _):
        assert said() == Retrying(1000)
        service._cancel(NUMBER)
    assert registry.asked == 1


def test_all_pauses_together_are_within_what_is_waited() -> None:
    patience = Patience(3.4)
    assert [patience.pause(BUSY) for _ in range(4)] == [0.5, 1, None, None]


@pytest.mark.parametrize(
    ("status", "header", "seconds"),
    [
        (200, "5", None),
        (404, "5", None),
        (401, "", None),
        (429, "5", 5),
        (503, " 7 ", 7),
        (503, "", 0),
        (500, "0", 0),
        (502, "-3", 0),
        (504, "1.5", 0),
        (408, "Wed, 21 Oct 2015 07:28:00 GMT", 0),
        (429, "Wed, 21 Oct 2015", 0),
        (429, "٣", 0),
        (429, "9" * 5000, 999_999_999),
    ],
)
def test_what_an_answer_says_of_asking_again(status: int, header: str, seconds: float | None) -> None:
    assert retry_after(status, {"Retry-After": header} if header else {}) == seconds


def test_a_date_to_ask_again_at_is_so_far_away() -> None:
    assert (retry_after(503, {"Retry-After": "Wed, 21 Oct 2665 07:28:00 GMT"}) or 0) > 1e9
