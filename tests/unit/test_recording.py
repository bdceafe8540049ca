"""A recording as a file, and as it stands in a page: readable as it is, and nothing in it can break the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docker_run.recording import file as files
from docker_run.recording import render, terminal
from support.recorded import output, recording

CASES = json.loads((Path(__file__).parent / "cases/terminal.json").read_text())
HOSTILE = "</script><!--<script><img src=x onerror=alert(1)>&amp;\u2028\u202e"


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = recording(output("한글 \u2028 one\ntwo\n"))
    (tmp_path / "x.ndjson").write_text(written.text)
    assert files.read(tmp_path / "x.ndjson") == written
    assert files.read(tmp_path / "none.ndjson") is None


def test_a_recording_has_its_place_by_page_and_fence() -> None:
    assert files.path_of(Path("r"), "contributing/a.md", "first") == Path("r/contributing/a/first.ndjson")
    assert files.path_of(Path("r"), "b.ipynb", "x") == Path("r/b/x.ndjson")


@pytest.mark.parametrize(
    "text",
    ["", "no json\n", "{}\n", "[]\n", recording().text.split("\n")[0], recording().text.replace("exited", "failed")],
    ids=["empty", "no json", "no header", "a list", "no event", "no end"],
)
def test_what_is_no_recording_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json has its own words
        files.parse(text)


@pytest.mark.parametrize(("given", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_page_shows_what_the_terminal_shows(given: str, expected: str) -> None:
    # the terminal keeps a last carriage return until more comes, and the page has nothing more to wait for
    assert terminal.shown(given) == expected


def test_the_page_has_the_output_the_code_the_hint_and_the_label() -> None:
    html = render.html_of(
        recording(output("a\n"), output("b\n", "stderr"), code=127, hint="이렇게 <해> 보세요."), folded=False
    )
    assert '<samp>a\n<span class="stderr" role="group" aria-label="표준 오류">b\n</span></samp>' in html
    assert "<p>종료 코드 127</p><p>이렇게 &lt;해&gt; 보세요.</p>" in html
    assert "<p>2026-01-31에 실행한 기록이에요. (sandbox 1 · crun 1)</p>" in html
    assert "<details" not in html


def test_pieces_of_one_stream_are_one_text() -> None:
    assert "<samp>50%</samp>" not in render.html_of(recording(output("50%\r"), output("99%\n")), folded=False)
    assert "<samp>99%\n</samp>" in render.html_of(recording(output("50%\r"), output("99%\n")), folded=False)


def test_a_run_without_output_has_no_empty_terminal() -> None:
    assert "<samp>" not in render.html_of(recording(), folded=False)


def test_the_answer_of_a_question_is_folded_with_all_that_tells_it() -> None:
    html = render.html_of(recording(output("answer\n")), folded=True)
    before, inside = html.split("<details>")
    inside, after = inside.split("</details>")
    assert "answer" in inside
    assert "종료 코드" in inside
    assert "answer" not in re.sub(r"<script.*</script>", "", before + after, flags=re.DOTALL)


def test_no_output_can_end_the_script_that_holds_it() -> None:
    html = render.html_of(recording(output(HOSTILE)), folded=False)
    assert html.count("</script>") == 1
    assert html.count("<script") == 1
    assert "<!--" not in html
    data = re.search(r"<script[^>]*>(.*)</script>", html, re.DOTALL)
    assert data
    assert files.parse(data[1]).events == recording(output(HOSTILE)).events
