"""The chips below a demo: what an author writes, what they are named, and what they cost."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pymdownx.superfences import SuperFencesException

from docker_run import bundle, fence, tries
from docker_run.plugin import ASSETS, ENTRIES, TRIES
from unit.test_fence import build, fenced, html, wrong

# one delight may cost so much
BUDGET = 1024
COMMAND = "docker run alpine ls"


def info(value: str) -> str:
    return f'docker-run try="{value}"'


@pytest.mark.parametrize(
    ("command", "line", "name"),
    [
        (COMMAND, "docker run busybox ls", "busybox"),
        (COMMAND, "docker run --memory 8m alpine ls", "--memory 8m"),
        (COMMAND, "docker run alpine ls /bin", "/bin"),
        ("docker run --cpus 0.2 alpine ls", "docker run --cpus 1 alpine ls", "--cpus 1"),
        ("docker run alpine ls ls", "docker run alpine ls", "docker run alpine ls"),
        ("docker run a a", "docker run a a a", "a"),
        (COMMAND, "docker images", "images"),
    ],
)
def test_a_chip_is_named_by_the_words_that_it_changes(command: str, line: str, name: str) -> None:
    assert tries.changed(command, line) == name


def test_the_lines_to_try_stand_below_the_element_in_their_order() -> None:
    made = html(fenced(COMMAND, info=info("docker run busybox ls | docker run alpine sh -c 'a && b'")))
    assert made == (
        '<div class="docker-run" style="--docker-run-lines: 6"><docker-run lines="6">'
        '<pre translate="no"><code>docker run alpine ls</code></pre></docker-run>'
        '<div class="tries" role="group" aria-label="고쳐 보기" data-search-exclude>'
        '<span aria-hidden="true">고쳐 보기</span>'
        '<button type="button" translate="no" data-line="docker run busybox ls">busybox</button>'
        '<button type="button" translate="no" data-line="docker run alpine sh -c &#x27;a &amp;&amp; b&#x27;">'
        "sh -c &#x27;a &amp;&amp; b&#x27;</button></div></div>"
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ls",
        "docker",
        "docker run a |",
        "| docker run a",
        "docker run a | ls",
        "docker run a|docker run b",
        "docker run a | docker run b | docker run c | docker run d",
    ],
)
def test_lines_to_try_that_are_written_wrongly_end_the_build(value: str) -> None:
    source = fenced(COMMAND, info=info(value))
    assert wrong(source) == [(1, f"try 값을 쓸 수 없어요: {value!r}")]
    with pytest.raises(SuperFencesException, match="try 값을 쓸 수 없어요"):
        html(source)


def test_three_lines_to_try_are_not_too_many() -> None:
    three = "docker run a | docker run b | docker images"
    assert wrong(fenced(COMMAND, info=info(three))) == []
    assert [one.options["try"] for one in fence.fences(fenced(COMMAND, info=info(three)))] == [three]


@pytest.mark.parametrize(("value", "loaded"), [("docker run a", True), (None, False)])
def test_a_page_loads_the_chips_script_only_where_it_has_some(tmp_path: Path, value: str | None, loaded: bool) -> None:
    done = build(tmp_path, fenced(COMMAND, info=info(value) if value else "docker-run"))
    assert (done.returncode, done.stderr) == (0, "")
    assert ('src="assets/docker-run/tries.js"' in (tmp_path / "site/index.html").read_text()) == loaded


def test_the_chips_cost_less_than_a_kilobyte() -> None:
    loaded = bundle.joined(ENTRIES[TRIES]), bundle.shortened_style((ASSETS / "tries.css").read_text())
    assert sum(len(gzip.compress(one.encode(), 9)) for one in loaded) <= BUDGET
