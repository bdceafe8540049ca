"""A notebook becomes Markdown and cells, and a cell run in the browser ends as Python would end it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from docker_run import pages
from notebook_run import document
from notebook_run.cell import CUT, LONGEST, run


def notebook(*cells: tuple[str, str], tags: tuple[str, ...] = ()) -> str:
    """The text of an .ipynb file."""
    made = [
        {"cell_type": kind, "metadata": {"tags": list(tags)}, "source": text.splitlines(keepends=True)}
        for kind, text in cells
    ]
    return json.dumps({"cells": made, "metadata": {"title": "제목"}})


class Reader:
    """What a reader's cells have made so far, and what they have shown."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.posts: list[str] = []

    def run(self, source: str, name: str = "<칸 1>") -> bool:
        self.posts.clear()
        return run(source, name, self.names, self.posts.append)

    @property
    def shown(self) -> str:
        return "".join(self.posts)


@pytest.fixture
def reader() -> Reader:
    return Reader()


def test_the_text_of_a_notebook_can_be_read_as_one_page(tmp_path: Path) -> None:
    file = tmp_path / "page.ipynb"
    file.write_text(notebook(("markdown", "# 하나\n둘"), ("code", "print(1)"), ("markdown", "셋")))
    assert pages.markdown(file) == "# 하나\n둘\n\n셋"


def test_code_cells_are_counted_and_have_a_placeholder_between_the_texts() -> None:
    made = document.read(notebook(("markdown", "글"), ("code", "1"), ("raw", "no"), ("code", "2")))
    assert [cell.number for cell in made.cells] == [0, 1, 2]
    found = re.findall(r"글|data-notebook-cell=.\d", document.page(made))
    assert found == ["글", 'data-notebook-cell="1', 'data-notebook-cell="2']


def test_a_tag_makes_a_text_the_lead_sentence() -> None:
    assert document.page(document.read(notebook(("markdown", "# 제목\n\n글\n"), tags=("lead",)))).endswith(
        "글\n{ .lead }\n"
    )


def test_code_and_output_are_shown_as_text_whatever_they_hold() -> None:
    made = document.read(notebook(("code", "a < b & '<script>'")))
    html = document.filled(document.page(made), made, ["<img src=x>"])
    assert "<script>" not in html
    assert "&lt;img src=x&gt;</pre>" in html


def test_every_code_cell_needs_its_output() -> None:
    made = document.read(notebook(("code", "1"), ("code", "2")))
    with pytest.raises(ValueError, match="shorter"):
        document.filled(document.page(made), made, ["one"])


def test_the_output_of_a_question_is_folded() -> None:
    made = document.read(notebook(("code", "1"), tags=("question",)))
    html = document.filled(document.page(made), made, ["답"])
    assert html.index("<details>") < html.index("답</pre>") < html.index("</details>")


def test_what_is_printed_and_the_last_value_are_shown(reader: Reader) -> None:
    assert reader.run("print('하나')\n'둘'")
    assert reader.shown == "하나\n'둘'\n"
    assert reader.run("x = 1\nNone")
    assert reader.shown == ""
    assert reader.run("")


def test_cells_share_their_names(reader: Reader) -> None:
    assert reader.run("def f(x):\n    return x + 1")
    assert reader.run("f(1)")
    assert reader.shown == "2\n"


def test_an_error_is_shown_as_python_shows_it_and_nothing_of_this_program(reader: Reader) -> None:
    reader.run("def f(x):\n    return 1 / x", "<칸 1>")
    assert not reader.run("print('먼저')\nf(0)", "<칸 2>")
    lines = reader.shown.splitlines()
    assert lines[:3] == ["먼저", "Traceback (most recent call last):", '  File "<칸 2>", line 2, in <module>']
    assert lines[3:6] == ["    f(0)", '  File "<칸 1>", line 2, in f', "    return 1 / x"]
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert "cell.py" not in reader.shown


def test_a_slip_of_syntax_is_shown_at_its_place(reader: Reader) -> None:
    assert not reader.run("x = 1\nif x\n    pass")
    assert reader.shown.splitlines()[:2] == ['  File "<칸 1>", line 2', "    if x"]
    assert reader.shown.endswith("SyntaxError: expected ':'\n")
    assert "cell.py" not in reader.shown


def test_leaving_python_ends_the_cell_only(reader: Reader) -> None:
    assert not reader.run("raise SystemExit(3)")
    assert reader.shown.endswith("SystemExit: 3\n")
    assert reader.run("1")


def test_output_without_end_is_cut_and_said_to_be(reader: Reader) -> None:
    assert reader.run(f"for _ in range(100):\n    print('가' * {LONGEST // 50})")
    assert reader.shown.endswith(CUT)
    assert len(reader.shown) == LONGEST + len(CUT)


def test_output_is_gathered_before_it_is_sent(reader: Reader) -> None:
    assert reader.run("for number in range(1000):\n    print(number)")
    assert reader.shown.splitlines() == [str(number) for number in range(1000)]
    assert len(reader.posts) < 100
