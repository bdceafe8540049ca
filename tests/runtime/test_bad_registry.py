"""The registry is slow, lies or is gone: the reader is told in docker's words, whoever has the image runs it, nothing
is left, and once the registry is well again images come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from support import oci
from support.backend import Backend, free_port, running
from support.box import BOX
from support.client import new_host, run
from support.fake_registry import Answer, FakeRegistry
from support.footprint import at_rest, settled
from support.recovery import serves_again

pytestmark = pytest.mark.container
# what the registry does with a layer, and what docker says of it; None where there is no registry at all
DAYS: dict[str, tuple[Answer | None, str]] = {
    "slow": (Answer(pace=0.4), "context deadline exceeded"),
    "silent": (Answer(hang=True), "context deadline exceeded"),
    "lying": (Answer(body=b"another one"), "failed commit on ref"),
    "cut off": (Answer(cut=10), "unexpected EOF"),
    "broken": (Answer(status=500), "500 Internal Server Error"),
    "forgetful": (Answer(status=404), "404 Not Found"),
    "gone": (None, "connection refused"),
}
LINE = "docker run alpine echo here"


@dataclass(frozen=True)
class Served:
    """A backend that looks for its registry at a port, and a visitor who has the image."""

    backend: Backend
    port: int
    visitor: str


def registry_at(port: int) -> FakeRegistry:
    """A registry that has the image."""
    made = FakeRegistry(port)
    oci.hold(made, "library/alpine:latest", oci.build([BOX]))
    return made


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    port = free_port()
    with running({"registry": f"http://127.0.0.1:{port}", "pull_seconds": 1.0}) as backend:
        host = new_host(backend.url)
        with registry_at(port):
            assert run(backend.url, LINE, host).stdout == "here\n"
        yield Served(backend, port, host)


@pytest.mark.parametrize("day", DAYS)
def test_the_reader_is_told_in_dockers_words_and_images_come_once_all_is_well(served: Served, day: str) -> None:
    answer, words = DAYS[day]
    before = at_rest(served.backend)
    if answer is None:
        result = run(served.backend.url, LINE, new_host(served.backend.url))
    else:
        with registry_at(served.port) as registry:
            registry.on("/blobs/", answer)
            result = run(served.backend.url, LINE, new_host(served.backend.url))
            assert registry.asked("/blobs/")
    assert (result.code, result.reason) == (125, "not-started")
    assert words in result.stderr
    assert run(served.backend.url, LINE, served.visitor).stdout == "here\n"
    with registry_at(served.port):
        serves_again(served.backend)
    assert settled(served.backend, before) == before
