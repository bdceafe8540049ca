"""Reads and writes a recording: the event stream of one real run of a demo's command, kept as a file.

The first line is a header (`command`, `recorded`, `engine`); after it come the events as the backend sent them, one a
line.
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
    """A command and what its run sent: `recorded` is a date as 2026-01-31, `engine` names what ran the command, `lines`
    are the events, unchanged."""

    command: str
    recorded: str
    engine: str
    lines: tuple[str, ...]

    @property
    def events(self) -> list[Event]:
        """Return the events, decoded."""
        return [json.loads(line) for line in self.lines]

    @property
    def text(self) -> str:
        """Return the content of the file."""
        header = {"command": self.command, "recorded": self.recorded, "engine": self.engine}
        return "\n".join([json.dumps(header, ensure_ascii=False), *self.lines, ""])


def path_of(folder: Path, page: str, demo: str) -> Path:
    """Return the file of the demo with the id `demo` on the page at `page`, a path below the docs folder."""
    return folder / PurePosixPath(page).with_suffix("") / (demo + SUFFIX)


def parse(text: str) -> Recording:
    """Return the recording that `text` holds. ValueError when it is none."""
    first, *lines = text.removesuffix("\n").split("\n")
    header = json.loads(first)
    try:
        found = Recording(header["command"], header["recorded"], header["engine"], tuple(lines))
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"not the header of a recording: {first[:80]}") from wrong
    if not found.events or found.events[-1].get("type") != "exited":
        raise ValueError("a recording ends with an exited event")
    return found


def read(path: Path) -> Recording | None:
    """Return the recording at `path`, None when there is no such file. ValueError when it cannot be read."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
