"""The element's modules as one script: all of them, each after what it needs, and nothing else."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from docker_run import script
from docker_run.plugin import ASSETS
from support.node import NODE

ROOT = Path(__file__).parents[2]
SCRIPTS = [*ASSETS.glob("*.js"), *ROOT.glob("docs/assets/*.js"), *ROOT.glob("demos/src/notebook_run/assets/*.js")]


def test_every_module_is_there_once_and_no_import_or_export_is_left() -> None:
    joined = script.joined(ASSETS) + script.joined(ASSETS, "panels.js")
    shared = {"parts.js", "units.js"}
    for module in ASSETS.glob("*.js"):
        for name in re.findall(
            r"^export ((?:async )?(?:function\*?|class|const) \w+)", module.read_text(), re.MULTILINE
        ):
            assert len(re.findall(rf"^{re.escape(name)}\b", joined, re.MULTILINE)) == 1 + (module.name in shared), name
    assert not re.search(r"^\s*(import|export)\b", joined, re.MULTILINE)


def test_comments_and_indents_stay_at_home() -> None:
    source = "// why\n/** @type {string} */\nconst a = /** @type {B} */ (b);\n\n  // how\n  c(a, `//`); // d\n"
    assert script.shortened(source) == "const a = (b);\nc(a, `//`); // d\n"


def test_a_module_comes_after_those_that_it_needs(tmp_path: Path) -> None:
    (tmp_path / "element.js").write_text('import { a } from "./a.js";\nimport { b } from "./b.js";\na(b);\n')
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport const a = () => b;\n')
    (tmp_path / "b.js").write_text("export const b = 1;\nexport async function* c() {}\n")
    parts = ["const b = 1;", "async function* c() {}", "const a = () => b;", "a(b);"]
    assert script.joined(tmp_path).splitlines()[2:-1] == parts


@pytest.mark.parametrize("source", SCRIPTS, ids=lambda source: source.name)
def test_a_shortened_script_is_the_same_program(source: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.js"
    short.write_text(script.shortened(source.read_text()))
    same = Path(__file__).parent / "js/same.mjs"
    done = subprocess.run([NODE, same, source, short], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_names_of_the_modules_do_not_clash(tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text(script.joined(ASSETS) + script.joined(ASSETS, "panels.js"))
    done = subprocess.run([NODE, "--check", tmp_path / "x.js"], capture_output=True, text=True, check=False)
    assert done.stderr == ""
