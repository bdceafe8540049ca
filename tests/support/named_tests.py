"""Finds tests by their names, for tables that name those that prove a row."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
# a browser's plugin and others take longer to load than many tests to run: pytest without them, but for those that its
# settings name
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
PLUGINS = ("-p", "pytest_asyncio.plugin", "-p", "pytest_timeout")


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
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *PLUGINS]
    environ = os.environ | ALONE
    done = subprocess.run(
        [*command, *sorted(set(files))], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    ids = {line for line in done.stdout.splitlines() if "::" in line}
    return ids | {one.partition("[")[0] for one in ids}
