"""A registry that was named and does not answer: said at the start and by health, and no longer once it does."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.images.puller import registry_watch
from support.backend import free_port, running
from support.client import call
from support.fake_registry import Answer, FakeRegistry
from support.pulls import Bench, pulling

pytestmark = pytest.mark.container
SECONDS = 60.0


@pytest.fixture
async def bench(tmp_path: Path, fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(registry_watch, "FRESH_SECONDS", 0.0)
    async with pulling(tmp_path, fake.url) as made:
        yield made


async def known(bench: Bench) -> str:
    """What is said of the registry as soon as something is."""
    deadline = time.monotonic() + SECONDS
    while (reason := await bench.pulls.registry.reason()) is None:
        assert time.monotonic() < deadline
    return reason


async def test_a_registry_answers_also_when_it_wants_a_token(bench: Bench, fake: FakeRegistry) -> None:
    assert await known(bench) == ""
    fake.on("^/v2/$", Answer(status=401, body=b"", headers={"WWW-Authenticate": "Bearer realm=x"}))
    assert await known(bench) == ""


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=404, body=b"a web server"), "404 Not Found"),
        (Answer(status=500, body=b""), "500 Internal Server Error"),
        (Answer(status=302, body=b"", headers={"Location": "http://192.0.2.7/"}), "host is not allowed here"),
    ],
)
async def test_what_is_no_registry_is_told_with_its_reason_and_heals(
    bench: Bench, fake: FakeRegistry, answer: Answer, reason: str
) -> None:
    fake.on("^/v2/$", answer)
    assert reason in await known(bench)
    fake.behave()
    assert await known(bench) == ""


async def test_nobody_waits_for_a_registry_that_is_silent(
    bench: Bench, fake: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await known(bench) == ""
    monkeypatch.setattr(registry_watch, "ANSWER_SECONDS", 5 * registry_watch.PATIENCE_SECONDS)
    fake.on("^/v2/$", Answer(hang=True))
    before = len(fake.requests)
    # the last answer, until there is another; meanwhile it is asked once
    assert [await bench.pulls.registry.reason() for _ in range(3)] == ["", "", ""]
    assert len(fake.requests) == before + 1
    deadline = time.monotonic() + SECONDS
    while "no answer within 5 s" not in (await bench.pulls.registry.reason() or ""):
        assert time.monotonic() < deadline


def health(url: str, registry: str) -> dict[str, Any]:
    """What health says as soon as it says this of the registry."""
    deadline = time.monotonic() + SECONDS
    while (answer := call(url, "GET", "/v1/health"))[1].get("registry") != registry:
        assert time.monotonic() < deadline, answer
        time.sleep(0.2)
    assert answer[0] == 200
    return dict(answer[1])


def test_a_backend_starts_without_its_registry_says_so_and_heals() -> None:
    port = free_port()
    with running(environ={"SANDBOX_REGISTRY": f"http://127.0.0.1:{port}"}) as backend:
        assert health(backend.url, "unreachable")["status"] == "ok"
        deadline = time.monotonic() + SECONDS
        while f"레지스트리 http://127.0.0.1:{port}가 답하지 않아요" not in backend.log.read_text():
            assert time.monotonic() < deadline
        assert "connection refused" in backend.log.read_text()
        with FakeRegistry(port):
            assert health(backend.url, "ok")["status"] == "ok"
        assert "answers again" in backend.log.read_text()
