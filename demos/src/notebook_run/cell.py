"""Runs one cell of a notebook in the browser: its statements, then the value of its last expression.

Output goes to the page through `post(text)`, a few times a second, and only as much as a page can hold.
"""

from __future__ import annotations

import ast
import io
import linecache
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

# the most output of a cell, in characters
LONGEST = 50_000
CUT = "\n(출력이 너무 길어서 여기까지만 보여요.)\n"
GATHERED_SECONDS = 0.05


class Screen(io.TextIOBase):
    """Sends text to the page, for `print`."""

    def __init__(self, post: Callable[[str], None]) -> None:
        self._post, self._text, self._left, self._posted = post, "", LONGEST, 0.0

    def write(self, text: str) -> int:
        """Take text; what exceeds the limit is dropped, and a line says so."""
        if text and self._left >= 0:
            self._text += text if len(text) <= self._left else text[: self._left] + CUT
            self._left -= len(text)
        if time.monotonic() - self._posted > GATHERED_SECONDS:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Send the text that waits."""
        if self._text:
            self._post(self._text)
        self._text, self._posted = "", time.monotonic()


def run(source: str, name: str, names: dict[str, Any], post: Callable[[str], None]) -> bool:
    """Run a cell with the `names` that all cells share; return False when it ended with an error, after showing it."""
    screen = Screen(post)
    # so that a traceback can show lines, also of functions that an earlier cell defined
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    with redirect_stdout(screen), redirect_stderr(screen):
        try:
            _execute(source, name, names)
        except BaseException as error:
            # SystemExit ends only the cell as well; the frames of this file are left out of the traceback
            frames = error.__traceback__
            while frames and frames.tb_frame.f_code.co_filename == __file__:
                frames = frames.tb_next
            inside = frames is not None and frames.tb_frame.f_code.co_filename == name
            traceback.print_exception(type(error), error, frames if inside else None, file=sys.stdout)
            return False
        finally:
            screen.flush()
    return True


def _execute(source: str, name: str, names: dict[str, Any]) -> None:
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), names)  # noqa: S102 - this is what a notebook is for
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), name, "eval"), names)  # noqa: S307 - the same
        if value is not None:
            print(repr(value))
