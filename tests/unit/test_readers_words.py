"""What a reader reads has one word for one thing."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# where readers' and operators' sentences stand
PLACES = ("docs", "demos/src", "demos/recordings", "sandbox-backend/src", "sandbox-backend/setup")
KINDS = {".md", ".ipynb", ".svg", ".html", ".js", ".css", ".py", ".ndjson", ""}
# each word that is not used, and what it is called instead
INSTEAD = {"대역": "대체 이미지", "꾸러미": "패키지", "모둠": "무리", "상태 폴더": "데이터 폴더"}


def files() -> list[Path]:
    found = [file for place in PLACES for file in (ROOT / place).rglob("*") if file.is_file() and file.suffix in KINDS]
    return [*found, *ROOT.glob("*.md")]


@pytest.mark.parametrize("word", INSTEAD)
def test_a_word_that_has_a_better_one_is_nowhere(word: str) -> None:
    read = {file: file.read_text(errors="replace") for file in files()}
    assert len(read) > 200
    assert [str(file.relative_to(ROOT)) for file, text in read.items() if word in text] == []
    assert any(INSTEAD[word] in text for text in read.values())


def test_what_a_stand_in_is_called_is_explained_where_a_first_run_may_show_it() -> None:
    home = (ROOT / "docs/index.md").read_text()
    assert "`(대체)`라고 적혀 있으면 **대체 이미지**예요." in home
    assert home.index('```docker-run id="first"') < home.index("(대체)")
