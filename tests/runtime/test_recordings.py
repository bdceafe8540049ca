"""Every recording of the site still says what its demo does: each is compared with a fresh run.

The comparison leaves out what may differ by chance; which that is, and why, is written down rule by rule in
`docker_run/recording/compare.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from docker_run import pages
from docker_run.recording import record
from docker_run.recording.client import Client
from docker_run.recording.compare import steady
from docker_run.recording.file import Event, Recording, path_of, read
from sandbox.local_registry import fill
from sandbox.settings import Settings
from support.backend import STATE, Backend, running
from support.built_site import DOCS, REPOSITORY
from support.client import run

pytestmark = pytest.mark.container

RECORDINGS = REPOSITORY / "demos/recordings"
PAGES = pages.demos(DOCS)
DRIFTED = "기록과 지금의 실행이 달라요. 바뀐 것이 맞다면 make record로 다시 기록하세요"


def kept(page: str, demo: str) -> Recording:
    found = read(path_of(RECORDINGS, page, demo))
    assert found, f"{page} {demo}: 기록이 없어요"
    return found


def provenances(events: list[Event]) -> set[str]:
    """Of alpine: the images of this project's own are stand-ins for nothing anywhere."""
    found = (event for event in events if event["type"] == "image" and event["reference"] == "alpine:latest")
    return {event["provenance"] for event in found if event.get("provenance")}


@pytest.fixture(scope="module")
def alike(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A backend with images of the kind that was recorded with: a stand-in greets in its own words."""
    recorded = {
        one for page, demos in PAGES.items() for demo in demos for one in provenances(kept(page, demo.id).events)
    }
    here = provenances(run(backend.url, "docker pull alpine").events)
    if recorded <= here:
        yield Client(backend.url)
        return
    assert recorded == {"stand-in"}, f"기록은 {recorded} 이미지로, 이 컴퓨터의 레지스트리는 {here} 이미지로 채워졌어요"
    folder = tmp_path_factory.mktemp("stand-ins")
    fill.fill(REPOSITORY / "demos/images", Settings(data_dir=folder), print, offline=True)
    with running(images=folder) as other:
        yield Client(other.url)


Fresh = Future[list[Recording | None]]


@pytest.fixture(scope="module")
def fresh(alike: Client) -> Iterator[dict[str, Fresh]]:
    """The runs of every page, two pages at a time: a demo is mostly waiting."""

    def whole(page: str) -> list[Recording | None]:
        return list(record.fresh_recordings(alike, PAGES[page]))

    with ThreadPoolExecutor(2) as pool:
        yield {page: pool.submit(whole, page) for page in PAGES}
        pool.shutdown(cancel_futures=True)


def differences(page: str, fresh: Fresh) -> list[str]:
    """The demos of a page whose recording and fresh run differ."""
    demos = PAGES[page]
    return [
        f"{page} {demo.id}\n" + "\n".join(_changes(kept(page, demo.id), now) if now else ["no such isolation here"])
        for demo, now in zip(demos, fresh.result(), strict=True)
        if now is None or steady(kept(page, demo.id).events) != steady(now.events)
    ]


def _changes(before: Recording, now: Recording) -> Iterator[str]:
    one, other = steady(before.events), steady(now.events)
    yield from (f"- {line}" for line in one if line not in other)
    yield from (f"+ {line}" for line in other if line not in one)


@pytest.mark.parametrize("page", PAGES)
def test_a_fresh_run_says_what_the_recording_says(page: str, fresh: dict[str, Fresh]) -> None:
    assert differences(page, fresh[page]) == [], DRIFTED


TAMPERED = {
    "a word of the output": ("bin\\n", "bean\\n"),
    "the code": ('"code":0', '"code":1'),
    "who chose the argv": ('"argv_source":"request"', '"argv_source":"image"'),
    "present for missing": ('"state":"present"', '"state":"missing"'),
}


@pytest.mark.parametrize(("old", "new"), TAMPERED.values(), ids=TAMPERED.keys())
def test_a_tampered_recording_is_found(
    fresh: dict[str, Fresh], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, old: str, new: str
) -> None:
    file = path_of(RECORDINGS, "run.md", "alpine-ls")
    source = file.read_text()
    assert old in source
    for demo in PAGES["run.md"]:
        copy = path_of(tmp_path, "run.md", demo.id)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path_of(RECORDINGS, "run.md", demo.id).read_text())
    path_of(tmp_path, "run.md", "alpine-ls").write_text(source.replace(old, new))
    monkeypatch.setattr(f"{__name__}.RECORDINGS", tmp_path)
    found = differences("run.md", fresh["run.md"])
    assert [text.splitlines()[0] for text in found] == ["run.md alpine-ls"]


def test_every_recording_belongs_to_a_demo() -> None:
    wanted = {path_of(RECORDINGS, page, demo.id) for page, demos in PAGES.items() for demo in demos}
    assert set(RECORDINGS.rglob("*.ndjson")) == wanted


def test_make_record_leaves_what_has_not_changed_and_ends_its_backend(
    tmp_path: Path, backend: Backend, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text('```docker-run id="x"\ndocker run alpine hostname\n```\n')
    (tmp_path / "mkdocs.yml").write_text("site_name: t\nplugins:\n  - docker-run: {recordings: kept}\n")
    config = ["--config", str(tmp_path / "mkdocs.yml")]
    assert record.main([*config, "--data-dir", str(STATE)]) == 0
    first = (tmp_path / "kept/index/x.ndjson").read_text()
    assert record.main([*config, "--backend", backend.url]) == 0
    assert (tmp_path / "kept/index/x.ndjson").read_text() == first
    assert "그대로예요" in capsys.readouterr().out
    header = json.loads(first.splitlines()[0])
    assert header["command"] == "docker run alpine hostname"
    assert "crun" in header["engine"]
    assert "Linux" in header["engine"]
