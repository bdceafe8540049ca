"""Every compiled pattern of some modules, and texts over which one that looks at the same letters twice takes long.

The texts are made of the pattern's own parts: one of its beginnings, a part again and again, and an end that fits none.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

_parser: Any = importlib.import_module("re._parser")
ENDS = ("", "\0", "\0 ", "x\n")
# of what a set leaves out, the first of these is none
OTHERS = "xA1 /-._\t{[('\"`\\$\n"
CATEGORIES = {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}
CATEGORIES |= {"CATEGORY_NOT_DIGIT": "a", "CATEGORY_NOT_SPACE": "a", "CATEGORY_NOT_WORD": "-"}


@dataclass(frozen=True)
class Used:
    """A pattern, where it stands, and the methods by which its module looks for it."""

    where: str
    pattern: re.Pattern[str]
    methods: frozenset[str]

    def __str__(self) -> str:
        return self.where


def used(package: ModuleType) -> list[Used]:
    """All patterns that the modules of a package hold, in tables, too."""
    inside = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    names = [package.__name__, *(one.name for one in inside)]
    return [one for name in names for one in _used(importlib.import_module(name))]


def _used(module: ModuleType) -> Iterator[Used]:
    text = Path(str(module.__file__)).read_text()
    for name, value in vars(module).items():
        # a pattern of a table is looked for from every letter on
        methods = frozenset(re.findall(rf"\b{name}\.(\w+)\(", text)) or frozenset({"search"})
        for number, pattern in enumerate(_patterns(value)):
            yield Used(f"{module.__name__.rpartition('.')[2]}.{name}[{number}]", pattern, methods)


def _patterns(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _patterns(one)


def look(one: Used, text: str) -> None:
    """Look for the pattern in each way in which its module does."""
    for method in one.methods:
        arguments = ("", text) if method == "sub" else (text,)
        for _ in _each(getattr(one.pattern, method)(*arguments)):
            pass


def _each(found: Any) -> Iterable[Any]:
    return found if isinstance(found, Iterator) else ()


def hard_texts(pattern: re.Pattern[str], length: int) -> Iterator[str]:
    """Texts of about that many letters."""
    nodes = list(_parser.parse(pattern.pattern, pattern.flags))
    starts = dict.fromkeys(_sample(nodes[:count]) for count in range(len(nodes) + 1))
    units = dict.fromkeys(unit for unit in (*starts, *_units(nodes)) if unit)
    for start in starts:
        for unit in units:
            for end in ENDS:
                yield start + unit * (length // len(unit)) + end


def _units(nodes: Iterable[Any]) -> Iterator[str]:
    """What each part of a pattern matches, and what every part of it does."""
    for kind, value in nodes:
        yield _sample([(kind, value)])
        for inside in _insides(str(kind), value):
            yield _sample(inside)
            yield from _units(inside)


def _sample(nodes: Iterable[Any]) -> str:
    return "".join(_sample_of(str(kind), value) for kind, value in nodes)


def _sample_of(kind: str, value: Any) -> str:
    if kind == "LITERAL":
        return chr(value)
    if kind == "IN":
        return _member(value)
    if kind in ("ANY", "NOT_LITERAL"):
        return next(one for one in OTHERS if ord(one) != value)
    if kind == "ASSERT_NOT":
        return ""
    return next((_sample(inside) for inside in _insides(kind, value)), "")


def _insides(kind: str, value: Any) -> list[list[Any]]:
    """The patterns that one part of a pattern holds."""
    if kind == "BRANCH":
        return [list(one) for one in value[1]]
    if kind in ("SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT", "ASSERT", "ASSERT_NOT"):
        return [list(value[-1])]
    return [list(value)] if kind == "ATOMIC_GROUP" else []


def _member(items: list[Any]) -> str:
    """One letter of a set."""
    if str(items[0][0]) == "NEGATE":
        return next(one for one in OTHERS if not any(_holds(item, one) for item in items[1:]))
    kind, value = items[0]
    if str(kind) == "CATEGORY":
        return CATEGORIES[str(value)]
    return chr(value if str(kind) == "LITERAL" else value[0])


def _holds(item: Any, letter: str) -> bool:
    kind, value = str(item[0]), item[1]
    if kind == "CATEGORY":
        matches = {"CATEGORY_SPACE": letter.isspace(), "CATEGORY_DIGIT": letter.isdigit()}
        return matches.get(str(value), letter.isalnum() or letter == "_")
    return bool(value == ord(letter) if kind == "LITERAL" else value[0] <= ord(letter) <= value[1])
