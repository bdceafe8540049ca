"""Dataclasses to plain values and back: the one encoder and the one decoder of everything that leaves a process."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any, NoReturn, TypeVar

import dacite

T = TypeVar("T")


def encode(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass by name; one that is None where None is its default is left out.

    Dataclasses in its fields stay what they are: `line` encodes them in their turn.
    """
    values = ((field, getattr(value, field.name)) for field in fields(value))
    return {field.name: one for field, one in values if one is not None or field.default is not None}


def line(value: dict[str, Any]) -> bytes:
    """Return `value` as one line of JSON, newline included; half a surrogate pair becomes a question mark."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=encode)
    return text.encode("utf-8", "replace") + b"\n"


def parse(data: bytes | str) -> Any:
    """Return what a text of JSON holds; ValueError when it is none, is nested too deeply for this reader, or holds a
    number that JSON could not say again."""
    try:
        return json.loads(data, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits[:40])


def decode(kind: type[T], value: object) -> T:
    """Build a `kind` of plain values; ValueError when a field is unknown, missing or of a wrong type."""
    if not isinstance(value, dict):
        raise ValueError(f"{kind.__name__} is an object")
    try:
        return dacite.from_dict(kind, _with_tuples(value), _STRICT)
    except (dacite.DaciteError, RecursionError) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from error


def _with_tuples(value: Any) -> Any:
    """Replace each list by a tuple: JSON has lists alone, and our dataclasses have tuples alone."""
    if isinstance(value, list | tuple):
        return tuple(map(_with_tuples, value))
    if isinstance(value, dict):
        return {name: _with_tuples(one) for name, one in value.items()}
    return value


def _integer(value: Any) -> Any:
    """Refuse a truth value, which is an int to Python."""
    if isinstance(value, bool):
        raise dacite.WrongTypeError(int, value)
    return value


def _number(value: Any) -> Any:
    """Take a whole number where any is wanted, unless it is too large for one."""
    try:
        return float(_integer(value)) if isinstance(value, int) else value
    except OverflowError:
        raise dacite.WrongTypeError(float, value) from None


_STRICT = dacite.Config(strict=True, type_hooks={int: _integer, float: _number})
