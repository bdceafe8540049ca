"""The shape of the code itself: imports point one way, files and functions stay small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "sandbox-backend/src/sandbox"
# what is in a row may import from its own row and the rows above it
ROWS = (
    ("addresses", "events", "plan", "image", "reference", "users"),
    ("words", "outcome", "spec", "command", "policy", "vm", "gvisor"),
    ("linux", "settings", "machine", "kernel_package"),
    ("confine", "loop", "listening", "children"),
    ("datafolder", "pages"),
    ("images",),
    ("runner", "web", "embedded"),
    ("doctor",),
    ("supervisor", "guest"),
    ("cli",),
    ("__main__",),
)
PURE = {name for row in ROWS[:2] for name in row}
# the two processes share words and values, never code that acts
STRANGERS = (("web", {"runner", "images", "linux", "embedded"}), ("runner", {"web", "command", "policy"}))
ALLOWED_OUTSIDE = {"dacite"}
IMPURE = set("os sys time socket subprocess pathlib asyncio threading random secrets datetime".split())
LONGEST_FILE, LONGEST_FUNCTION = 250, 60


def modules() -> Iterator[tuple[str, Path]]:
    """Every module's room (the package's first level) and file."""
    for file in sorted(SOURCE.rglob("*.py")):
        room = file.relative_to(SOURCE).parts[0].removesuffix(".py")
        if room != "__init__":
            yield room, file


EVERY_MODULE = pytest.mark.parametrize(
    ("room", "file"), list(modules()), ids=lambda value: getattr(value, "name", value)
)


def imports(file: Path) -> Iterator[str]:
    """The dotted names that a file imports, those in functions too."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def row_of(room: str) -> int:
    """The row that a room stands in."""
    for number, row in enumerate(ROWS):
        if room in row:
            return number
    raise AssertionError(f"{room} has no row: say where it belongs")


@EVERY_MODULE
def test_imports_point_one_way(room: str, file: Path) -> None:
    rooms = {room for row in ROWS for room in row}
    own = {name.split(".")[1] for name in imports(file) if name.startswith("sandbox.")} & rooms
    wrong = [name for name in own if row_of(name) > row_of(room)]
    assert not wrong, f"{room} imports {wrong}, which stand below it"


@pytest.mark.parametrize(("room", "strangers"), STRANGERS)
def test_the_processes_do_not_know_each_other(room: str, strangers: set[str]) -> None:
    known = {name.split(".")[1] for file in (SOURCE / room).glob("*.py") for name in _ours(file)}
    assert not known & strangers


def test_no_two_modules_import_each_other() -> None:
    needs = {_dotted(file): set(_ours(file)) for _, file in modules()}
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
    outside = {root for root in roots if root not in {"sandbox", "__future__"} and not _standard(root)}
    assert outside <= ALLOWED_OUTSIDE


@EVERY_MODULE
def test_files_and_functions_stay_small(room: str, file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{room}.{node.name} has {length} lines"


def _ours(file: Path) -> Iterator[str]:
    """The modules of ours that a file imports; of `from package import module` the module alone."""
    names = {name for name in imports(file) if name.startswith("sandbox.")}
    return (name for name in names if not any(_is_module(other) and other.startswith(f"{name}.") for other in names))


def _is_module(name: str) -> bool:
    path = SOURCE.joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").exists() or path.is_dir()


def _dotted(file: Path) -> str:
    return ".".join(("sandbox", *file.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")


def _standard(name: str) -> bool:
    import sys

    return name in sys.stdlib_module_names
