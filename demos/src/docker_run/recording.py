"""A recording: the event stream of one real run of a fence's command, as a file.

The first line is a header (`command`, `recorded`, `engine`); after it come the events as the backend sent them, one a
line. `place` says which file is whose.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

Event = dict[str, Any]
SUFFIX = ".ndjson"


@dataclass(frozen=True, slots=True)
class Recording:
    """`recorded` is a date as 2026-01-31, `engine` what ran the command; `lines` are the events, unchanged."""

    command: str
    recorded: str
    engine: str
    lines: tuple[str, ...]

    @property
    def events(self) -> list[Event]:
        """The events, decoded."""
        return [json.loads(line) for line in self.lines]

    @property
    def text(self) -> str:
        """The whole file."""
        header = {"command": self.command, "recorded": self.recorded, "engine": self.engine}
        return "\n".join([json.dumps(header, ensure_ascii=False), *self.lines, ""])


def place(folder: Path, page: str, fence_id: str) -> Path:
    """The file of the fence `fence_id` on the page at `page`, a path below the docs folder."""
    return folder / PurePosixPath(page).with_suffix("") / (fence_id + SUFFIX)


def parse(text: str) -> Recording:
    """The recording that `text` holds. ValueError when it is none."""
    first, *lines = text.removesuffix("\n").split("\n")
    header = json.loads(first)
    try:
        found = Recording(header["command"], header["recorded"], header["engine"], tuple(lines))
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"not the header of a recording: {first[:80]}") from wrong
    if not found.events or found.events[-1].get("type") != "exited":
        raise ValueError("a recording ends with an exited event")
    return found


def read(file: Path) -> Recording | None:
    """The recording in `file`, None when there is no such file. ValueError when it cannot be read."""
    try:
        return parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
