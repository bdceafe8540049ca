"""The element's modules as one script: all of them, each after what it needs, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from docker_run import bundle
from docker_run.plugin import ASSETS, ENTRIES
from support.node import NODE

ROOT = Path(__file__).parents[2]
SCRIPTS = [*ASSETS.rglob("*.js"), *ROOT.glob("docs/assets/*.js"), *ROOT.glob("demos/src/notebook_run/assets/*.js")]


def test_every_module_is_there_once_and_no_import_or_export_is_left() -> None:
    joined = "".join(bundle.joined(entry) for entry in ENTRIES.values())
    shared = {"dom.js": 3, "format.js": 2, "replay.js": 2}
    for module in ASSETS.rglob("*.js"):
        for name in re.findall(
            r"^export ((?:async )?(?:function\*?|class|const) \w+)", module.read_text(), re.MULTILINE
        ):
            published = re.escape(name.replace("* ", "*").replace("const ", "let "))
            assert len(re.findall(rf"(?<!\()\b{published}(?:[=({{]| extends)", joined)) == shared.get(module.name, 1), (
                name
            )
    assert not re.search(r"(?:^|[;}])(?:import|export)\b", joined, re.MULTILINE)


def test_comments_and_white_space_are_not_published() -> None:
    source = "// why\n/** @type {string} */\nconst a = /** @type {B} */ (b);\n\n  // how\n  c(a, `//`); // d\n"
    assert bundle.shortened(source) == "const a=(b);c(a,`//`);"


@pytest.mark.parametrize(
    ("source", "short"),
    [
        ("a = b + +c - -d;\n", "a=b+ +c- -d;"),
        ("if (a) return /[/'\"]/.test(b);\n", "if(a)return/[/'\"]/.test(b);"),
        ("const a = () => {\n  b()\n}\nc()\n", "const a=()=>{b()}\nc()"),
        ("x = `a  // b ${c  + d}`; // e\n", "x=`a  // b ${c  + d}`;"),
    ],
)
def test_what_separates_or_is_text_stays(source: str, short: str) -> None:
    assert bundle.shortened(source).strip() == short


def test_a_style_is_published_without_comments_and_white_space() -> None:
    sheet = "/* why */\na {\n  b: c d;\n  &:hover > :is(e, f) { g: calc(1px + 2px); }\n}\n"
    assert bundle.shortened_style(sheet).strip() == "a{b:c d;&:hover > :is(e,f){g:calc(1px + 2px)}}"


def test_a_module_comes_after_those_that_it_needs(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "element.js").write_text('import { a } from "./in/a.js";\nimport { b } from "./in/b.js";\na(b);\n')
    (tmp_path / "in/a.js").write_text('import { b } from "./b.js";\nexport const a = () => b;\n')
    (tmp_path / "in/b.js").write_text("export const b = 1;\nexport async function* c() {}\n")
    parts = "let b=1;async function*c(){}\nlet a=()=>b;a(b);"
    assert bundle.joined(tmp_path / "element.js") == f'(()=>{{"use strict";{parts}}})();'


def test_a_constant_has_a_short_name_where_it_is_one_and_nowhere_else(tmp_path: Path) -> None:
    source = (
        "const LATE = 9;\nconst MOST_LATE = 2 * LATE;\n"
        "f({ LATE: `${LATE} is LATER` }, a.LATE, b ? LATE : MOST_LATE, ...LATE, { ...LATE }, a?.LATE);\n"
    )
    (tmp_path / "element.js").write_text(source)
    parts = "let $a=9;let $b=2*$a;f({LATE:`${$a} is LATER`},a.LATE,b?$a:$b,...$a,{...$a},a?.LATE);"
    assert bundle.joined(tmp_path / "element.js") == f'(()=>{{"use strict";{parts}}})();'


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_no_script_still_has_a_constant_by_its_long_name(entry: Path) -> None:
    joined = bundle.joined(entry)
    names = {name for module in ASSETS.rglob("*.js") for name in bundle._CONSTANT.findall(module.read_text())}
    texts = [piece["kept"] for piece in bundle._PIECE.finditer(joined) if (piece["kept"] or " ")[0] in "'\""]
    for text in texts:
        joined = joined.replace(text, "''")
    # what follows one dot is a property, and what a colon follows in braces is a key
    left = re.findall(r"(?<![\w$])(?<!(?<!\.\.)\.)([A-Z][A-Z_]+)(?![\w$]|(?<=\w):)", joined)
    assert names & set(left) == set()


def test_no_text_of_a_script_has_the_name_of_a_constant() -> None:
    for module in ASSETS.rglob("*.js"):
        source = module.read_text()
        texts = [re.sub(r"\$\{[^}]*\}", "", piece["kept"] or "") for piece in bundle._PIECE.finditer(source)]
        for name in re.findall(r"^const ([A-Z][A-Z_]+) =", source, re.MULTILINE):
            assert [text for text in texts if re.search(rf"\b{name}\b", text)] == [], (module.name, name)


@pytest.fixture(scope="module")
def differences(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """What differs between each script and its shortened one; a single process of Node.js reads them all."""
    folder = tmp_path_factory.mktemp("short")
    pairs = [(source, folder / f"{number}.js") for number, source in enumerate(SCRIPTS)]
    for source, short in pairs:
        short.write_text(bundle.shortened(source.read_text()))
    same = Path(__file__).parent / "js/same.mjs"
    names = [name for pair in pairs for name in pair]
    done = subprocess.run([NODE, same, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(SCRIPTS, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("source", SCRIPTS, ids=lambda source: source.name)
def test_a_shortened_script_is_the_same_program(differences: dict[Path, str], source: Path) -> None:
    assert differences[source] == ""


def test_the_names_of_the_modules_do_not_clash(tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text("".join(bundle.joined(entry) for entry in ENTRIES.values()))
    done = subprocess.run([NODE, "--check", tmp_path / "x.js"], capture_output=True, text=True, check=False)
    assert done.stderr == ""
