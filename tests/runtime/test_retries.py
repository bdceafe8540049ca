"""A registry that cannot answer just now is asked again, and whoever waits is told; one that cannot at all is given up
within the pull's time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from sandbox.images.puller.trouble import MOST_RETRIES
from sandbox.model.events import Pull
from sandbox.model.protocol import PullRequest
from support import oci, pace
from support.backend import running
from support.client import new_host, run
from support.fake_registry import Answer, FakeRegistry
from support.pulls import Bench, Line, pulling, refused

pytestmark = pytest.mark.container
NAME = "library/alpine:latest"
BUILT = oci.build([{"f": b"1" * 3000}])
LAYER = BUILT.layer_digests[0]


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with FakeRegistry() as made:
        oci.hold(made, NAME, BUILT)
        yield made


@pytest.fixture
async def bench(tmp_path: Path, fake: FakeRegistry) -> AsyncIterator[Bench]:
    async with pulling(tmp_path, fake.url, pull_seconds=40.0) as made:
        yield made


def retries(lines: list[Line]) -> list[tuple[str | None, str]]:
    return [
        (line["layer"], line["status"])
        for line in lines
        if line["type"] == "pull" and line["status"].startswith("Retrying")
    ]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=503, times=1),
        Answer(status=429, times=1),
        Answer(status=429, headers={"Retry-After": "1"}, times=1),
        Answer(status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, times=1),
        Answer(status=500, times=1),
        Answer(status=502, times=1),
        Answer(status=504, times=1),
    ],
)
@pytest.mark.parametrize(("path", "layer"), [("/manifests/", None), (LAYER, LAYER[7:19])])
async def test_what_passes_in_a_moment_is_waited_for_and_told(
    bench: Bench, fake: FakeRegistry, answer: Answer, path: str, layer: str | None
) -> None:
    fake.on(path, answer)
    lines = await bench.pull()
    assert lines[-1]["type"] == "fetched"
    assert retries(lines) == [(layer, "Retrying in 1 second")]
    (notice,) = [line for line in lines if line["type"] == "notice"]
    assert notice["code"] == "registry-busy"
    assert "1초" in notice["text"]
    assert len(fake.asked(path)) == 2


async def test_what_comes_half_comes_whole_the_next_time(bench: Bench, fake: FakeRegistry) -> None:
    fake.on(LAYER, Answer(cut=20, times=2))
    lines = await bench.pull()
    assert lines[-1]["type"] == "fetched"
    assert [status for _, status in retries(lines)] == ["Retrying in 1 second"] * 2


async def test_it_is_told_before_it_is_waited(bench: Bench, fake: FakeRegistry) -> None:
    fake.on("/manifests/", Answer(status=503, headers={"Retry-After": "2"}, times=1))
    begun, told = time.monotonic(), 0.0
    async with aclosing(bench.pulls.pull(PullRequest("alpine", None, (), begun))) as messages:
        async for message in messages:
            if isinstance(message, Pull) and message.status == "Retrying in 2 seconds":
                told = time.monotonic() - begun
    assert 0 < told < time.monotonic() - begun - 1.5


async def test_who_asks_for_more_time_than_there_is_is_not_waited_for(bench: Bench, fake: FakeRegistry) -> None:
    fake.on("/manifests/", Answer(status=429, headers={"Retry-After": "600"}))
    begun = time.monotonic()
    assert (await refused(bench))["reason"] == "rate-limited"
    assert time.monotonic() - begun < pace.seconds(2)
    assert len(fake.asked("/manifests/")) == 1


async def test_a_registry_that_cannot_answer_at_all_is_given_up(tmp_path: Path, fake: FakeRegistry) -> None:
    fake.on("/manifests/", Answer(status=503))
    async with pulling(tmp_path, fake.url, pull_seconds=8.0) as bench:
        end = await refused(bench)
    assert "503 Service Unavailable" in end["stderr"]
    # half a second and one second: the next wait would be more than a quarter of the time
    assert 1 < len(fake.asked("/manifests/")) == 3 <= 1 + MOST_RETRIES


async def test_a_reader_who_leaves_ends_the_waiting(bench: Bench, fake: FakeRegistry) -> None:
    fake.on("/manifests/", Answer(status=503, headers={"Retry-After": "9"}))
    lines = bench.pulls.pull(PullRequest("alpine", None, (), time.monotonic()))
    assert isinstance(await anext(lines), Pull)
    begun = time.monotonic()
    await lines.aclose()
    assert time.monotonic() - begun < pace.seconds(1)
    fake.behave()
    assert (await asyncio.wait_for(bench.pull(), pace.seconds(5)))[-1]["type"] == "fetched"
    assert len(fake.asked("/manifests/")) == 2


def test_a_reader_sees_that_it_is_waited_for(fake: FakeRegistry) -> None:
    fake.on(LAYER, Answer(status=503, headers={"Retry-After": "1"}, times=1))
    with running({"registry": fake.url}) as backend:
        result = run(backend.url, "docker pull alpine", new_host(backend.url))
    assert result.code == 0
    assert f"{LAYER[7:19]}: Retrying in 1 second\n" in result.stdout
    kinds = [event.get("status", event.get("code")) for event in result.events if event["type"] in ("pull", "notice")]
    assert kinds.index("Retrying in 1 second") + 1 == kinds.index("registry-busy") < kinds.index("Pull complete")
