"""Which modules import which, read from the source; and what each process of the backend must never load."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "sandbox-backend/src/sandbox"
# what reads HTTP, a document's schema, an archive or compressed bytes, wherever it comes from
READERS = "starlette uvicorn h11 http urllib3 jsonschema tarfile zipfile gzip bz2 lzma zlib zstandard"
COMMAND_LINES = "sandbox.docker.cli sandbox.policy sandbox.hints argparse shlex"
# for each process of the backend: the module that it starts with, and what it must never load
PROCESSES = {
    "runner": (
        "sandbox.runner.process",
        f"{READERS} {COMMAND_LINES} sandbox.web sandbox.images.puller.process sandbox.images.puller.registry"
        " sandbox.images.unpacker.process sandbox.images.unpacker.layer sandbox.images.unpacker.tarstream",
    ),
    "web": ("sandbox.web.http.serving", "ctypes urllib3 tarfile sandbox.linux sandbox.runner sandbox.images"),
    "puller": ("sandbox.images.puller.process", f"{COMMAND_LINES} tarfile sandbox.runner sandbox.web sandbox.docker"),
    "unpacker": (
        "sandbox.images.unpacker.process",
        f"{COMMAND_LINES} http urllib3 sandbox.runner sandbox.web sandbox.docker sandbox.model sandbox.oci"
        " sandbox.settings sandbox.images.puller sandbox.images.store sandbox.images.pull",
    ),
}


@functools.cache
def imports(file: Path) -> frozenset[str]:
    """The dotted names that a file imports, those in functions too; each file is read once."""
    return frozenset(_imports(file))


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@functools.cache
def ours(file: Path) -> frozenset[str]:
    """The modules of ours that a file imports; of `from package import module` the module alone."""
    names = {name for name in imports(file) if name.split(".")[0] == "sandbox"}
    found = {name for name in names if is_module(name)}
    return frozenset(name for name in found if not any(other.startswith(f"{name}.") for other in found))


def is_module(name: str) -> bool:
    """Whether a dotted name is a module or package of ours, and not something in one."""
    return file_of(name).exists()


def file_of(module: str) -> Path:
    """Where a module of ours would be."""
    path = SOURCE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def dotted(file: Path) -> str:
    """The name of the module in a file of ours."""
    return ".".join(("sandbox", *file.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")


def is_in(name: str, package: str) -> bool:
    """Whether a module is the package or in it."""
    return name == package or name.startswith(f"{package}.")


def loads(start: str) -> dict[str, str]:
    """Every module that importing `start` loads, directly or not, each with the chain of modules that asks for it;
    of others' modules only those that a module of ours asks for by name."""
    found: dict[str, str] = {}
    waiting = [(start, start)]
    while waiting:
        name, way = waiting.pop()
        if name in found:
            continue
        found[name] = way
        if "." in name:
            waiting.append((name.rpartition(".")[0], way))
        if name.split(".")[0] == "sandbox":
            file = file_of(name)
            asked = {other for other in imports(file) if other.split(".")[0] != "sandbox"} | ours(file)
            waiting += [(other, f"{way} > {other}") for other in asked]
    return found
