"""The recorder: one file a demo, rewritten only for a reason; and whose demos it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from docker_run import pages
from docker_run.fence import Fence
from docker_run.recording import record
from docker_run.recording.client import BackendError, Client
from docker_run.recording.file import Event, path_of, read
from docker_run.recording.server import started
from support.files import texts
from support.recorded import lines, output, run


class Scripted(Client):
    """A backend that does what `says` has for a command, and notes on which host."""

    engine = "scripted 1"

    def __init__(self) -> None:
        self.says: dict[str, list[Event]] = {}
        self.asked: list[tuple[str, str]] = []
        self.beside: list[str | None] = []
        self.hosts = 0

    @contextmanager
    def host(self) -> Iterator[str]:
        self.hosts += 1
        yield f"host {self.hosts}"

    @contextmanager
    def running(self, command: str | None, host: str) -> Iterator[None]:
        self.beside.append(command)
        yield

    def isolations(self) -> frozenset[str]:
        return frozenset({"container", "gvisor"})

    def run(self, command: str, host: str, isolation: str | None = None) -> Iterator[str]:
        self.asked.append((host, command))
        yield from lines(self.says.get(command, run()))


@pytest.fixture
def backend() -> Scripted:
    return Scripted()


def fences(*commands: str) -> list[Fence]:
    return [Fence(1, {"id": f"f{at}"}, command) for at, command in enumerate(commands)]


def test_a_page_runs_from_top_to_bottom_on_a_host_of_its_own(backend: Scripted, tmp_path: Path) -> None:
    record.record(backend, {"a.md": fences("docker a", "docker b"), "c/d.md": fences("docker e")}, tmp_path)
    assert backend.asked == [("host 1", "docker a"), ("host 1", "docker b"), ("host 2", "docker e")]
    assert sorted(texts(tmp_path)) == ["a/f0.ndjson", "a/f1.ndjson", "c/d/f0.ndjson"]
    written = read(tmp_path / "a/f1.ndjson")
    assert written
    assert (written.command, written.engine, written.lines) == ("docker b", "scripted 1", lines(run()))


def test_a_recording_that_says_the_same_is_left_as_it_was(backend: Scripted, tmp_path: Path) -> None:
    demos = {"a.md": fences("docker a")}
    record.record(backend, demos, tmp_path)
    before = texts(tmp_path)
    backend.says["docker a"] = run(at=3.0, host="b" * 32)
    record.record(backend, demos, tmp_path)
    assert texts(tmp_path) == before


@pytest.mark.parametrize("what", ["output", "command", "broken file"])
def test_a_recording_that_says_something_else_is_written_anew(backend: Scripted, tmp_path: Path, what: str) -> None:
    record.record(backend, {"a.md": fences("docker a")}, tmp_path)
    before = texts(tmp_path)
    if what == "output":
        backend.says["docker a"] = run(output("new\n"))
    if what == "broken file":
        (tmp_path / "a/f0.ndjson").write_text("broken")
    record.record(backend, {"a.md": fences("docker b" if what == "command" else "docker a")}, tmp_path)
    after = texts(tmp_path)
    assert list(after) == list(before)
    assert (after == before) == (what == "broken file")


def test_what_belongs_to_no_demo_any_more_is_removed(backend: Scripted, tmp_path: Path) -> None:
    record.record(backend, {"a.md": fences("docker a", "docker b"), "c.md": fences("docker d")}, tmp_path)
    record.record(backend, {"a.md": fences("docker a")}, tmp_path)
    assert list(texts(tmp_path)) == ["a/f0.ndjson"]


def test_a_run_that_fails_is_not_recorded(backend: Scripted, tmp_path: Path) -> None:
    backend.says["docker b"] = [*run()[:-1], {"type": "failed", "code": "internal", "text": "x"}]
    with pytest.raises(record.RecordError, match="docker b"):
        record.record(backend, {"a.md": fences("docker a", "docker b")}, tmp_path)
    assert list(texts(tmp_path)) == ["a/f0.ndjson"]


def test_a_recording_that_would_weigh_down_its_page_is_refused(backend: Scripted, tmp_path: Path) -> None:
    backend.says["docker a"] = run(output("x" * record.MOST_BYTES))
    with pytest.raises(record.RecordError, match="너무 길어요"):
        record.record(backend, {"a.md": fences("docker a")}, tmp_path)
    assert texts(tmp_path) == {}


def test_the_demos_of_a_site_are_those_of_its_pages_and_notebooks(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    demo = '```docker-run id="{}"\ndocker run {}\n```\n'
    (tmp_path / "sub/a.md").write_text(f"# t\n\n{demo.format('x', 'one')}\n````\n{demo.format('example', 'no')}````\n")
    (tmp_path / "none.md").write_text("text")
    cells = [
        {"cell_type": "markdown", "source": ["text\n", "\n", *demo.format("y", "two").splitlines(keepends=True)]},
        {"cell_type": "code", "source": demo.format("code", "no")},
        {"cell_type": "markdown", "source": demo.format("z", "three")},
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    found = {page: [(one.id, one.command) for one in fences] for page, fences in pages.demos(tmp_path).items()}
    assert found == {
        "sub/a.md": [("x", "docker run one")],
        "n.ipynb": [("y", "docker run two"), ("z", "docker run three")],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```docker-run\ndocker run a\n```", "a.md:1: 기록하려면"),
        ('```docker-run id="x" nosuch="y"\ndocker run a\n```', "a.md:1: 모르는 옵션"),
    ],
)
def test_a_page_that_cannot_be_recorded_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.md").write_text(text)
    with pytest.raises(pages.WrongPageError, match=message):
        pages.demos(tmp_path)


def test_help_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        record.main(["--help"])
    assert "--backend" in capsys.readouterr().out


def test_a_site_without_the_setting_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: t\nplugins:\n  - docker-run\n")
    assert record.main(["--config", str(tmp_path / "mkdocs.yml")]) == 2
    assert "recordings" in capsys.readouterr().err


def test_a_backend_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: t\nplugins:\n  - docker-run: {recordings: r}\n")
    assert record.main(["--config", str(tmp_path / "mkdocs.yml"), "--backend", "http://127.0.0.1:9"]) == 1
    assert "http://127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.parametrize(
    "plugins",
    [
        "  - docker-run: {recordings: r}\n  - notebook-run: {pyodide: nowhere, wheels: nowhere}\n  - search\n",
        "  docker-run: {recordings: r}\n  notebook-run: {pyodide: nowhere, wheels: nowhere}\n",
    ],
)
def test_what_only_a_build_needs_may_be_lacking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], plugins: str
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text(f"site_name: t\nplugins:\n{plugins}")
    assert record.main(["--config", str(tmp_path / "mkdocs.yml"), "--backend", "http://127.0.0.1:9"]) == 1
    assert "닿지 못했어요" in capsys.readouterr().err


def test_a_site_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert record.main(["--config", str(tmp_path / "mkdocs.yml")]) == 1
    assert "사이트의 설정을 읽지 못했어요" in capsys.readouterr().err


def test_an_isolation_that_is_missing_keeps_the_recording_that_there_is(backend: Scripted, tmp_path: Path) -> None:
    demos = [Fence(1, {"id": f"x-{isolation}"}, "docker a", isolation) for isolation in ("container", "gvisor", "vm")]
    kept = path_of(tmp_path, "a.md", "x-vm")
    kept.parent.mkdir()
    kept.write_text("as it was")
    record.record(backend, {"a.md": demos}, tmp_path)
    assert kept.read_text() == "as it was"
    assert read(path_of(tmp_path, "a.md", "x-gvisor")) is not None


def test_a_demo_that_needs_another_one_is_recorded_beside_it(backend: Scripted, tmp_path: Path) -> None:
    demos = [Fence(1, {"id": "one"}, "docker a"), Fence(5, {"id": "two", "beside": "one"}, "docker b")]
    record.record(backend, {"a.md": demos}, tmp_path)
    assert backend.beside == [None, "docker a"]


def test_where_nothing_can_be_run_it_says_whose_backend_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MACHINE", "pages")
    with pytest.raises(BackendError, match="BACKEND="), started(None, set()):
        pass
