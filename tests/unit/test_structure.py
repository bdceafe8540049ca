"""The shape of the code itself: imports point one way, files and functions stay small."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.imports import PROCESSES, SOURCE, dotted, imports, is_in, loads, ours

# what is in a row may import from its own row and the rows above it
ROWS = (
    ("model",),
    ("docker",),
    ("docker.cli", "oci"),
    ("policy",),
    ("hints",),
    ("linux", "settings", "handover", "awake", "turns", "usage", "loop_turns"),
    ("listening", "datafolder", "pages", "runner_client"),
    ("images",),
    ("runner", "web"),
    ("local_registry", "doctor"),
    ("supervisor", "guest"),
    ("cli",),
    ("__main__",),
)
PURE = {"model", "docker", "docker.cli", "oci", "policy", "hints"}
ALLOWED_OUTSIDE = {"dacite"}
IMPURE = set("os sys time socket subprocess pathlib asyncio threading random secrets datetime".split())
LONGEST_FILE, LONGEST_FUNCTION = 250, 40


def modules() -> Iterator[tuple[str, Path]]:
    """Every module's room and file."""
    for file in sorted(SOURCE.rglob("*.py")):
        if file != SOURCE / "__init__.py":
            yield room_of(dotted(file)), file


def room_of(module: str) -> str:
    """The room of a module of ours, or of something in it."""
    names = module.split(".")[1:]
    return "docker.cli" if names[:2] == ["docker", "cli"] else names[0]


EVERY_MODULE = pytest.mark.parametrize(
    ("room", "file"), list(modules()), ids=lambda value: getattr(value, "name", value)
)


def row_of(room: str) -> int:
    """The row that a room stands in."""
    for number, row in enumerate(ROWS):
        if room in row:
            return number
    raise AssertionError(f"{room} has no row: say where it belongs")


@EVERY_MODULE
def test_imports_point_one_way(room: str, file: Path) -> None:
    wrong = [name for name in ours(file) if row_of(room_of(name)) > row_of(room)]
    assert not wrong, f"{room} imports {wrong}, which stand below it"


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_never_loads_what_it_must_not_know(process: str) -> None:
    start, never = PROCESSES[process]
    loaded = loads(start)
    assert not {name: way for name, way in loaded.items() if any(is_in(name, one) for one in never.split())}


def test_no_two_modules_import_each_other() -> None:
    needs = {dotted(file): set(ours(file)) for _, file in modules()}
    left = {name: need & set(needs) - {name} for name, need in needs.items()}
    while free := [name for name, need in left.items() if not need & set(left)]:
        left = {name: need for name, need in left.items() if name not in free}
    assert not left, "a circle of imports"


@EVERY_MODULE
def test_the_pure_middle_touches_nothing(room: str, file: Path) -> None:
    if room not in PURE:
        return
    roots = {name.split(".")[0] for name in imports(file)}
    assert not roots & IMPURE
    outside = {root for root in roots if root not in {"sandbox", "__future__"} and root not in sys.stdlib_module_names}
    assert outside <= ALLOWED_OUTSIDE


@EVERY_MODULE
def test_files_and_functions_stay_small(room: str, file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{room}.{node.name} has {length} lines"
