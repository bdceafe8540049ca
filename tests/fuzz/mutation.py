"""Makes inputs out of others: changed bytes, spliced halves, JSON documents with odd values in odd places."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Inputs = st.SearchStrategy[bytes]
LARGEST = 1 << 16
# what JSON has no value for in Python, written into the text in place of a name for it
RAW = {f"@{text[:9]}@": text for text in ("1e999", "-1e999", "NaN", "9" * 4400, "[" * 999 + "]" * 999)}
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**63, 2**64, -(2**63), 10**400, "", " ", "0", "\0", "\ud800", "\n", "한"),
    *("x" * 300, "../..", "/", "sha256:", [], {}, [[]], [None], {"": 0}, *RAW),
)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of some bytes; `position` is taken modulo what there is."""

    kind: str
    position: int
    length: int
    piece: bytes

    def apply(self, data: bytes, other: bytes) -> bytes:
        at = self.position % (len(data) + 1)
        before, after = data[:at], data[at:]
        changed: dict[str, Callable[[], bytes]] = {
            "insert": lambda: before + self.piece + after,
            "replace": lambda: before + self.piece + after[len(self.piece) :],
            "delete": lambda: before + after[self.length :],
            "repeat": lambda: before + after[: self.length] * (1 + self.position % 99) + after[self.length :],
            "flip": lambda: before + bytes(byte ^ 1 << self.length % 8 for byte in after[:1]) + after[1:],
            "splice": lambda: before + other[self.position % (len(other) + 1) :],
        }
        return changed[self.kind]()[:LARGEST]


KINDS = ("insert", "replace", "delete", "repeat", "flip", "splice")


def picked(seeds: Sequence[T]) -> st.SearchStrategy[T]:
    """One of many, which are not told one by one in what is told of a failure."""
    return st.integers(0, len(seeds) - 1).map(seeds.__getitem__)


def mutated(seeds: Sequence[bytes], pieces: Sequence[bytes] = (b"\0",)) -> Inputs:
    """Seeds after a few edits, some of which write one of `pieces`."""
    written = st.sampled_from(pieces) | st.binary(max_size=8)
    edit = st.builds(Edit, st.sampled_from(KINDS), st.integers(0, LARGEST), st.integers(0, 64), written)
    return st.builds(_edited, picked(seeds), picked(seeds), st.lists(edit, min_size=1, max_size=6))


def _edited(data: bytes, other: bytes, edits: Sequence[Edit]) -> bytes:
    for edit in edits:
        data = edit.apply(data, other)
    return data


def long(heads: Sequence[bytes], units: Sequence[bytes], tails: Sequence[bytes]) -> Inputs:
    """One unit after the other, up to the largest input, between a head and a tail: what may take too long."""
    unit = st.sampled_from(units) | st.binary(min_size=1, max_size=4)
    count = st.sampled_from((9, 999, LARGEST))

    def joined(head: bytes, one: bytes, number: int, tail: bytes) -> bytes:
        return head + one * min(number, (LARGEST - len(head) - len(tail)) // len(one)) + tail

    return st.builds(joined, st.sampled_from(heads), unit, count, st.sampled_from(tails))


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a document; `place` counts all its values, modulo how many there are."""

    kind: str
    place: int
    value: Any
    name: str

    def apply(self, document: Any) -> Any:
        root, value = [document], copy.deepcopy(self.value)
        holders = list(_places(root))
        holder, key = holders[self.place % len(holders)]
        if self.kind == "remove" and holder is not root:
            del holder[key]
        elif self.kind == "add" and isinstance(holder[key], dict):
            holder[key][self.name] = value
        elif self.kind == "add" and isinstance(holder[key], list):
            holder[key].append(value)
        elif self.kind == "repeat" and isinstance(holder[key], list):
            holder[key] *= 2 + self.place % 70
        elif self.kind == "wrap":
            holder[key] = [holder[key]] if self.place % 2 else {self.name: holder[key]}
        else:
            holder[key] = value
        return root[0]


def _places(holder: Any) -> Any:
    keys = list(holder) if isinstance(holder, dict) else range(len(holder))
    for key in keys:
        yield holder, key
        if isinstance(holder[key], dict | list):
            yield from _places(holder[key])


def changed(documents: Sequence[Any], names: Sequence[str], values: Sequence[Any] = ()) -> st.SearchStrategy[Any]:
    """Documents after a few changes: values of ODD or of `values`, under one of `names`."""
    value = st.sampled_from([*ODD, *values]) | st.text(st.characters(), max_size=20) | st.integers()
    kinds = st.sampled_from(["set", "set", "set", "remove", "add", "repeat", "wrap"])
    change = st.builds(Change, kinds, st.integers(0, 999), value, st.sampled_from(names) | st.text(max_size=5))
    return st.builds(_applied, picked(documents), st.lists(change, max_size=4))


def _applied(document: Any, changes: Sequence[Change]) -> Any:
    document = copy.deepcopy(document)
    for change in changes:
        document = change.apply(document)
    return document


def written(document: Any) -> bytes:
    """A document as JSON, with what no Python value stands for."""
    text = json.dumps(document)
    for name, raw in RAW.items():
        text = text.replace(json.dumps(name), raw)
    return text.encode()
