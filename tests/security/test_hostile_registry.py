"""A registry that sends us elsewhere, or is in trouble: nobody else is asked, and the reader is told why."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.docker.messages import pull_error
from support import oci, pace
from support.fake_registry import Answer, FakeRegistry
from support.pulls import Bench, pulling, refused

pytestmark = pytest.mark.container
NAME = "library/alpine:latest"


@pytest.mark.parametrize("what", ["/manifests/", "/blobs/"])
async def test_img_13_a_redirect_to_an_unnamed_host_is_refused_before_connecting(
    bench: Bench, fake: FakeRegistry, what: str
) -> None:
    oci.hold(fake, NAME, oci.build([{"f": b"1"}]))
    with FakeRegistry() as internal:
        fake.on(what, Answer(status=307, headers={"Location": f"{internal.url}/latest/meta-data"}))
        assert (await refused(bench))["reason"] == "foreign-host"
        assert internal.requests == []


async def test_img_13_a_token_realm_on_an_unnamed_host_is_refused_before_connecting(
    bench: Bench, fake: FakeRegistry
) -> None:
    with FakeRegistry() as internal:
        challenge = {"WWW-Authenticate": f'Bearer realm="{internal.url}/token",service="x"'}
        fake.on("/manifests/", Answer(status=401, headers=challenge))
        assert (await refused(bench))["reason"] == "foreign-host"
        assert internal.requests == []


def moved(to: str) -> Answer:
    return Answer(status=307, headers={"Location": to})


def asking(realm: str) -> Answer:
    return Answer(status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="x"'})


@pytest.mark.parametrize("way", ["redirect", "realm", "redirect of a redirect", "redirect of a realm"])
async def test_img_13_nobody_inside_sees_so_much_as_a_connection(bench: Bench, fake: FakeRegistry, way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.setblocking(False)
        there, here = f"http://127.0.0.1:{inside.getsockname()[1]}/latest/meta-data", f"{fake.url}/elsewhere"
        first = {"redirect": moved(there), "realm": asking(there)}
        fake.on("/manifests/", first.get(way) or (asking(here) if "realm" in way else moved(here)))
        fake.on("/elsewhere", moved(there))
        # who hands tokens out leads nowhere else
        reason = "no-such-repository" if way == "redirect of a realm" else "foreign-host"
        assert (await refused(bench))["reason"] == reason
        assert bool(fake.asked("/elsewhere")) is (way not in first)
        with pytest.raises(BlockingIOError):
            inside.accept()


async def test_img_14_a_layer_url_is_not_followed(bench: Bench, fake: FakeRegistry) -> None:
    built = oci.build([{"f": b"1"}])
    oci.hold(fake, NAME, built)
    with FakeRegistry() as elsewhere:
        layer = {**json.loads(built.manifests[0][0])["layers"][0], "urls": [f"{elsewhere.url}/layer"]}
        fake.manifest("library/alpine", "latest", oci.rewritten(built, layers=[layer]))
        fake.on(built.layer_digests[0], Answer(status=404))
        assert (await refused(bench))["reason"] == "blob-missing"
        assert elsewhere.requests == []


async def test_img_15_another_registry_s_image_is_refused_before_connecting(bench: Bench) -> None:
    with FakeRegistry() as other:
        oci.hold(other, NAME, oci.build([{"f": b"1"}]))
        end = (await bench.pull(f"{other.netloc}/library/alpine"))[-1]
        assert (end["reason"], other.requests) == ("foreign-host", [])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(status=500), "registry-error"),
        (Answer(status=429), "rate-limited"),
        (Answer(body=b"<html>"), "bad-image"),
    ],
)
async def test_img_17_a_registry_in_trouble_is_said(
    bench: Bench, fake: FakeRegistry, answer: Answer, code: str
) -> None:
    fake.on("/manifests/", answer)
    assert (await refused(bench))["reason"] == code


class Endless:
    """A registry that sends `begin` and then `more` for as long as somebody listens."""

    def __init__(self, begin: bytes, more: bytes) -> None:
        self.left = threading.Event()
        self._begin, self._more = begin, more
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with client, suppress(OSError):
            client.sendall(self._begin)
            while True:
                client.sendall(self._more)
                time.sleep(0.001)
        self.left.set()

    def __enter__(self) -> Endless:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join()


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="interim answers"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X", id="a header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n", id="trailers"),
    ],
)
async def test_an_answer_without_end_is_given_up_with_the_pull(tmp_path: Path, begin: bytes, more: bytes) -> None:
    with Endless(begin, more) as endless:
        async with pulling(tmp_path, endless.url, pull_seconds=0.5) as bench:
            assert (await refused(bench))["reason"] in ("registry-slow", "registry-down")
            # nobody waits for it any more, and the puller has a thread and a processor for the next one
            assert await asyncio.to_thread(endless.left.wait, pace.seconds(5))


async def test_img_17_a_registry_that_is_down_is_said_in_docker_s_words(tmp_path: Path) -> None:
    with FakeRegistry() as gone:
        url, netloc = gone.url, gone.netloc
    async with pulling(tmp_path, url) as bench:
        end = await refused(bench)
    assert end["stderr"] == pull_error(
        'failed to resolve reference "docker.io/library/alpine:latest": failed to do request: '
        f'Head "{url}/v2/library/alpine/manifests/latest": dial tcp {netloc}: connect: connection refused'
    )
