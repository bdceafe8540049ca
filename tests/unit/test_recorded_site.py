"""A site with recordings: a demo has its own in the page, and one that has none, or another command's, is warned of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docker_run.recording.file import path_of
from support.recorded import COMMAND, output, recording

CONFIG = "site_name: t\nplugins:\n  - docker-run: {recordings: kept}\n"


def demo(command: str = COMMAND, info: str = 'id="first"') -> str:
    return f"```docker-run {info}\n{command}\n```\n"


def build(folder: Path, page: str, *recorded: str, config: str = CONFIG) -> tuple[str, str]:
    """The page and what the build complained of; `recorded` are the ids that have a recording of `COMMAND`."""
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "docs/index.md").write_text(page)
    (folder / "mkdocs.yml").write_text(config)
    for name in recorded:
        file = path_of(folder / "kept", "index.md", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(recording(output("bin\n")).text)
    # not quietly: a warning that is not said is not counted either
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    said = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("INFO"))
    assert (done.returncode == 0) == (said == ""), done.stderr
    made = folder / "site/index.html"
    return made.read_text() if made.exists() else "", said


def test_a_recording_stands_in_the_page(tmp_path: Path) -> None:
    page, said = build(tmp_path, demo(), "first")
    assert said == ""
    assert '<docker-run id="first" lines="6" recorded>' in page
    assert "<samp>bin\n</samp></pre><p>종료 코드 0</p>" in page
    assert '<script type="application/x-ndjson">{"command": "docker run alpine ls"' in page


def test_a_questions_recording_is_folded(tmp_path: Path) -> None:
    page, _ = build(tmp_path, demo(info='id="first" predict="*0 | 3"'), "first")
    # what the run is compared with
    assert 'data-right="1" data-code="0"' in page
    assert '<docker-run id="first" lines="6" predict recorded>' in page
    assert "<details><summary>" in page


def test_a_site_that_records_nothing_has_demos_as_before(tmp_path: Path) -> None:
    page, said = build(tmp_path, demo(info=""), config=CONFIG.replace(": {recordings: kept}", ""))
    assert said == ""
    assert '<docker-run lines="6"><pre translate="no"><code>docker run alpine ls</code></pre></docker-run>' in page


BEFORE = "---\ntitle: t\n---\n\n# h\n\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (demo(info='id="second"'), "index.md:7: second: 기록이 없어요"),
        (demo("docker run alpine ls -l"), "index.md:7: first: 다른 명령의 기록이에요(docker run alpine ls)"),
        (demo(info=""), 'index.md:7: 기록하려면 docker-run 펜스마다 id="이름"'),
        (demo() + "\n" + demo(), "index.md:11: 이미 있는 id예요: first"),
    ],
    ids=["missing", "outdated", "no id", "the same id"],
)
def test_a_demo_without_its_recording_fails_the_strict_build_at_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    _, said = build(tmp_path, BEFORE + text, "first")
    assert message in said


def test_a_broken_recording_fails_the_strict_build_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "kept/index").mkdir(parents=True)
    (tmp_path / "kept/index/first.ndjson").write_text("{}\n")
    _, said = build(tmp_path, demo())
    assert "index.md:1: 기록을 읽을 수 없어요" in said


def test_a_recording_of_one_page_does_not_stand_on_another(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/other.md").write_text(demo())
    _, said = build(tmp_path, demo(), "first")
    assert "other.md:1: first: 기록이 없어요" in said
