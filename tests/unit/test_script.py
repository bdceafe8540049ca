"""The element's modules as one script: all of them, each after what it needs, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from docker_run import script
from docker_run.plugin import ASSETS


def test_every_module_is_there_once_and_no_import_or_export_is_left() -> None:
    joined = script.joined(ASSETS)
    for module in ASSETS.glob("*.js"):
        for name in re.findall(
            r"^export (?:async )?(?:function\*?|class|const) (\w+)", module.read_text(), re.MULTILINE
        ):
            assert len(re.findall(rf"\b(?:function|class|const)[ *]+{name}\b", joined)) == 1, (module.name, name)
    assert not re.search(r"^\s*(import|export)\b", joined, re.MULTILINE)


def test_comments_stay_at_home(tmp_path: Path) -> None:
    (tmp_path / "element.js").write_text("/** @type {string} */\nconst a = `${1}  // x`; // why\nb(a, /[/*]x/);\n")
    assert script.joined(tmp_path).splitlines()[-1] == '(()=>{"use strict";const a=`${1}  // x`;b(a,/[/*]x/);})();'


def test_a_module_comes_after_those_that_it_needs(tmp_path: Path) -> None:
    (tmp_path / "element.js").write_text('import { a } from "./a.js";\nimport { b } from "./b.js";\na(b);\n')
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport const a = () => b;\n')
    (tmp_path / "b.js").write_text("export const b = 1;\nexport async function* c() {}\n")
    assert script.joined(tmp_path) == '(()=>{"use strict";const b=1;async function*c(){}\nconst a=()=>b;a(b);})();'


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_the_names_of_the_modules_do_not_clash(tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text(script.joined(ASSETS))
    done = subprocess.run(["node", "--check", tmp_path / "x.js"], capture_output=True, text=True, check=False)
    assert done.stderr == ""
