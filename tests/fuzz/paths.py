"""Notes which lines of the backend's own code an input leads through."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from support.imports import SOURCE

OURS = str(SOURCE)


class Paths:
    """All lines that were reached so far."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int]] = set()

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note what the block leads through; it is much slower meanwhile."""
        before = sys.gettrace()
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(before)

    def _called(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        return self._stepped if frame.f_code.co_filename.startswith(OURS) else None

    def _stepped(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self.seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._stepped
