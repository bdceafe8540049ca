"""Defines what the runner and its unpacker say to each other: an order, and a report as one line of JSON."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_REPORT = 1 << 16


@dataclass(frozen=True, slots=True)
class Order:
    """What to unpack into which folder: `bytes` of tar and `files` at most, within `seconds` of processor time."""

    folder: str
    first_uid: int
    algorithm: str
    bytes: int
    files: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome: `code` is empty when all went well, else stable, with `text` saying what was wrong."""

    code: str = ""
    text: str = ""
    diff_id: str = ""
    bytes: int = 0
    files: int = 0
    skipped: int = 0
