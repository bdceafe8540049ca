"""Reads the tables: lines that must agree (lines/*.toml), and those that knowingly do not (differences.toml).

A line is a string, or a table with

    line   what a reader types; a shell reads it on the engine's side
    rules  further rules of normalise.py for this line
    fresh  true: neither side has an image yet
    first  a line that both sides run before, in the same host
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import dacite

HERE = Path(__file__).parent
T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    id: str
    line: str
    rules: tuple[str, ...] = ()
    fresh: bool = False
    first: str | None = None


@dataclass(frozen=True)
class Said:
    """What one side answers: only what is given is asserted."""

    code: int
    stdout: str | None = None
    stdout_has: str | None = None
    stderr_has: str | None = None


@dataclass(frozen=True)
class Difference:
    """A line, why its answers differ, and both answers."""

    id: str
    line: str
    why: str
    docker: Said
    here: Said
    first: str | None = None


def lines() -> list[Line]:
    """All lines that must agree; the fresh ones first, so that images are pulled for the others once."""
    files = sorted((HERE / "lines").glob("*.toml"))
    entries = [entry for file in files for entry in tomllib.loads(file.read_text()).items()]
    found = [_typed(Line, name, {"line": value} if isinstance(value, str) else value) for name, value in entries]
    return sorted(found, key=lambda line: not line.fresh)


def differences() -> list[Difference]:
    """All lines that knowingly differ."""
    entries = tomllib.loads((HERE / "differences.toml").read_text()).items()
    return [_typed(Difference, name, value) for name, value in entries]


def _typed(kind: type[T], name: str, value: dict[str, Any]) -> T:
    return dacite.from_dict(kind, {"id": name, **value}, dacite.Config(strict=True, cast=[tuple]))
