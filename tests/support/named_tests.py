"""Finds tests by their names, for tables that name those that prove a row."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def in_file(file: Path) -> set[str]:
    """The names of a file's tests, in Python or in JavaScript."""
    text = file.read_text()
    if file.suffix == ".mjs":
        return {name for _, name in re.findall(r"\btest\(([\"`])(.+?)\1", text)}
    nodes = ast.walk(ast.parse(text))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def collected(files: Iterable[str]) -> set[str]:
    """The ids of all tests of these files, with those of their parameters and without, as pytest finds them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *sorted(set(files))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    ids = {line for line in done.stdout.splitlines() if "::" in line}
    return ids | {one.partition("[")[0] for one in ids}
