"""Writes the chips below a demo: changed lines that an author proposes with the option `try`, each one click away."""

from __future__ import annotations

import html
from itertools import takewhile

BETWEEN = " | "


def html_of(command: str, value: str) -> str:
    """Return a chip for each line of an option's value, named by what it changes of `command`; nothing for no line."""
    lines = value.split(BETWEEN) if value else []
    chips = "".join(
        f'<button type="button" translate="no" data-line="{html.escape(line)}">'
        f"{html.escape(changed(command, line))}</button>"
        for line in lines
    )
    if not chips:
        return ""
    return (
        '<div class="tries" role="group" aria-label="고쳐 보기" data-search-exclude>'
        f'<span aria-hidden="true">고쳐 보기</span>{chips}</div>'
    )


def changed(command: str, line: str) -> str:
    """Return the words of `line` that are not those of `command`, with the option whose value they are."""
    old, new = command.split(), line.split()
    begin = _alike(old, new)
    end = _alike(old[begin:][::-1], new[begin:][::-1])
    if begin + end == len(new):
        # words are only left out
        return line
    if begin and new[begin - 1].startswith("-"):
        begin -= 1
    return " ".join(new[begin : len(new) - end])


def _alike(one: list[str], other: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
