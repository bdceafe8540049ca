"""What goes wrong while a site is recorded is one line, and nothing of it is left behind."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from docker_run.recording import record
from docker_run.recording.client import BackendError, Client
from support import canned_backend
from support.canned_backend import Canned
from support.files import texts


@dataclass
class Site:
    """A site of one demo, and the backend that it is recorded with."""

    folder: Path
    backend: Canned

    def record(self) -> int:
        return record.main(["--config", str(self.folder / "mkdocs.yml"), "--backend", self.backend.url])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text('```docker-run id="x"\ndocker run a\n```\n')
    (tmp_path / "mkdocs.yml").write_text("site_name: t\nplugins:\n  - docker-run: {recordings: r}\n")
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1/openapi.json").write_text('{"info": {"title": "canned", "version": "1"}}')
    with canned_backend.serving(tmp_path) as backend:
        yield Site(tmp_path, backend)


def refuse(site: Site) -> None:
    site.backend.refuse(503, "busy", "지금은 자리가 없어요.")


def fail(site: Site) -> None:
    site.backend.script = lambda run: run.send("failed", code="internal", text="저희 잘못이에요.")


def fill_the_disk(site: Site) -> None:
    (site.folder / "r/index").mkdir(parents=True)
    (site.folder / f"r/index/.x.ndjson.{os.getpid()}").symlink_to("/dev/full")


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (refuse, r"실행 서버가 POST /v1/runs 요청을 거절했어요 \(503\): 지금은 자리가 없어요\."),
        (fail, r"docker run a: 실행이 끝까지 가지 못해서 기록하지 않았어요: .*저희 잘못이에요\..*"),
        (fill_the_disk, r"기록을 적지 못했어요: \[Errno 28\] No space left on device.*"),
    ],
)
def test_what_went_wrong_is_one_line_and_nothing_is_left_behind(
    site: Site, capsys: pytest.CaptureFixture[str], trouble: Callable[[Site], None], message: str
) -> None:
    trouble(site)
    assert site.record() == 1
    assert re.fullmatch(message, capsys.readouterr().err.strip())
    assert texts(site.folder / "r") == {}
    assert list((site.folder / "r").rglob(".*")) == []
    assert site.backend.hosts == set()


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1:1", "http://[::1", "ftp://127.0.0.1/"])
def test_an_address_without_a_backend_is_one_line(address: str) -> None:
    with pytest.raises(BackendError, match="실행 서버에 닿지 못했어요") as found:
        Client(address)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"info": 1}', b'{"info": {}}'])
def test_a_server_that_is_no_backend_is_refused(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docker_run.recording.client.urlopen", lambda *_, **__: io.BytesIO(body))
    with pytest.raises(BackendError, match="실행 서버가 아닌 것이 답했어요"):
        Client("http://127.0.0.1")
