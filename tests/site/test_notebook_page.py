"""The notebook's page: executed at build, as light as the others, and the same notebook for whoever takes it along."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from docker_run.pages import markdown
from notebook_run import document
from support.built_site import DOCS, REPOSITORY, Built, fences
from support.site_pages import Page

NAME = "class-and-instance"
SOURCE = DOCS / f"{NAME}.ipynb"
PYODIDE = {"pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"}
TINY = """
site_name: tiny
site_url: https://tiny.example/under/
plugins:
  - docker-run
  - mkdocs-jupyter: {{include: ["*.ipynb"], execute: true, allow_errors: false, cache: false, include_source: true}}
  - notebook-run: {{pyodide: {0}/node_modules/pyodide, wheels: {0}/.cache/wheels}}
"""


@pytest.fixture
def notebook(built: Built) -> Page:
    return built.page(f"{NAME}/index.html")


def wheel(built: Built) -> Path:
    (found,) = (built.folder / "assets/notebook").glob("*.whl")
    return found


def cell(kind: str, text: str, name: str) -> dict[str, Any]:
    """A cell as a notebook's file holds it."""
    made: dict[str, Any] = {"cell_type": kind, "id": name, "metadata": {}, "source": text.splitlines(keepends=True)}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def tiny_site(folder: Path, *cells: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    """A site of one notebook, built strictly."""
    (folder / "docs").mkdir()
    (folder / "mkdocs.yml").write_text(TINY.format(REPOSITORY))
    made = [cell(kind, text, f"cell-{number}") for number, (kind, text) in enumerate(cells)]
    (folder / "docs/index.ipynb").write_text(json.dumps(json.loads(SOURCE.read_text()) | {"cells": made}))
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=folder,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_cell_was_executed_and_its_output_is_on_the_page(notebook: Page) -> None:
    assert notebook.source.count('class="notebook-cell"') == len(document.read(SOURCE.read_text()).code) > 10
    for shown in ("층 2 장", "K5: 모두 150 km", "one이 바꾼 것 [&#x27;A /count&#x27;]", "code=127"):
        assert shown in notebook.source
    assert "Traceback" not in notebook.source


def test_the_notebook_in_the_repository_holds_no_output_that_could_be_old() -> None:
    cells = json.loads(SOURCE.read_text())["cells"]
    assert all(cell["outputs"] == [] for cell in cells if cell["cell_type"] == "code")


def test_every_docker_run_fence_of_the_notebook_became_an_element(notebook: Page) -> None:
    written = list(fences(markdown(SOURCE))).count("docker-run")
    assert len(notebook.all("docker-run")) == written > 5
    assert "```" not in notebook.source


def test_the_page_has_the_claims_anchor_and_headings_like_the_others(notebook: Page) -> None:
    assert "c7" in notebook.ids()
    assert notebook.description()
    assert "permalink" not in notebook.texts["title"]
    assert 'class="headerlink"' in notebook.source
    assert "anchor-link" not in notebook.source


def test_the_search_finds_the_page_by_titles_without_a_sign_at_the_end(built: Built) -> None:
    (file,) = built.folder.glob("search/sections.*.json")
    titles = [one["title"] for one in json.loads(file.read_text()) if one["location"].startswith(NAME)]
    assert "비유가 끝나는 곳" in titles
    assert not any("¶" in title for title in titles)


def test_the_page_is_as_light_as_a_page_of_text(notebook: Page) -> None:
    assert "jp-" not in notebook.source
    assert len(gzip.compress(notebook.source.encode())) < 30_000


def test_nothing_of_python_is_loaded_with_the_page(notebook: Page) -> None:
    own = [url for url in notebook.loaded() if "notebook" in url]
    assert own == ["../assets/notebook/notebook.css", "../assets/notebook/notebook.js"]


def test_no_other_page_loads_anything_of_it(built: Built) -> None:
    for path, page in built.pages().items():
        assert path.startswith(NAME) or not [url for url in page.loaded() if "notebook" in url], path


def test_the_five_files_that_python_needs_are_published_and_no_more(built: Built) -> None:
    published = (built.folder / "assets/notebook/pyodide").iterdir()
    assert {file.name for file in published if file.suffix not in (".br", ".gz")} == PYODIDE


def test_the_wheel_is_for_any_platform_and_made_of_the_source(built: Built) -> None:
    source = REPOSITORY / "demos/model/src"
    assert wheel(built).name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel(built)) as opened:
        held = {name: opened.read(name) for name in opened.namelist() if name.startswith("paper_docker/")}
    files = [file for file in (source / "paper_docker").iterdir() if file.is_file()]
    assert held == {str(file.relative_to(source)): file.read_bytes() for file in files}


def test_the_page_links_to_the_notebook_and_to_its_wheel(built: Built, notebook: Page) -> None:
    links = [link["href"] for link in notebook.all("a") if "download" in link]
    assert links == [SOURCE.name, f"../assets/notebook/{wheel(built).name}"]
    assert (built.folder / NAME / SOURCE.name).read_bytes() == SOURCE.read_bytes()


def test_the_notebook_names_the_wheel_that_it_needs(built: Built) -> None:
    assert re.findall(r"%pip install (\S+)", SOURCE.read_text().replace('\\n"', " ")) == [wheel(built).name]


def test_the_notebook_runs_in_jupyter_with_the_published_wheel(built: Built, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel(built)) as opened:
        opened.extractall(tmp_path / "installed")  # what installing a wheel of Python alone is
    taken = json.loads((built.folder / NAME / SOURCE.name).read_text())
    taken["cells"].append(cell("code", "import paper_docker; print(paper_docker.__file__)", "last"))
    (tmp_path / SOURCE.name).write_text(json.dumps(taken))
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to=notebook", "--execute", "--stdout", SOURCE.name],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = "".join(json.loads(done.stdout)["cells"][-1]["outputs"][0]["text"])
    assert shown.strip() == str(tmp_path / "installed/paper_docker/__init__.py")


def test_a_cell_that_fails_fails_the_build(tmp_path: Path) -> None:
    made = tiny_site(tmp_path, ("markdown", "# 하나"), ("code", "1 / 0"))
    assert made.returncode != 0
    assert "ZeroDivisionError" in made.stderr


def test_a_wrong_fence_in_a_notebook_is_told_with_its_place(tmp_path: Path) -> None:
    made = tiny_site(tmp_path, ("code", "1"), ("markdown", '글\n\n```docker-run id="x"\nls\n```'))
    assert made.returncode != 0
    assert "index.ipynb: 글 칸 1, 3째 줄: 명령은 docker 로 시작해요" in made.stderr


def test_the_addresses_are_relative_wherever_the_site_is(tmp_path: Path) -> None:
    made = tiny_site(tmp_path, ("markdown", "# 하나"), ("code", "1"))
    assert made.returncode == 0, made.stderr
    page = Page((tmp_path / "site/index.html").read_text())
    assert "assets/notebook/notebook.js" in page.loaded()
    (tools,) = [part for part in page.all("div") if part.get("class") == "notebook-tools"]
    assert tools["data-wheels"].startswith("assets/notebook/")
