"""Joins the element's modules into one classic script, each module after those that it imports.

A page then fetches one file instead of one for each module, and the element also works on a page that is opened from
disk, where browsers load no modules.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[\w./-]+\.js)";\n', re.MULTILINE)
_COMMENT = re.compile(r"/\*\*(?:[^*]|\*(?!/))*\*/[ \n]?|^ *//.*\n|^ +|^\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function|class|const)", re.MULTILINE)


def joined(entry: Path) -> str:
    """Return the script that does what the module `entry` does."""
    modules: dict[Path, str] = {}

    def add(module: Path) -> None:
        source = module.read_text(encoding="utf-8")
        for name in _IMPORT.findall(source):
            needed = (module.parent / name).resolve()
            if needed not in modules:
                add(needed)
        modules[module] = _EXPORT.sub("", _IMPORT.sub("", source))

    add(entry.resolve())
    return shortened('(() => {\n"use strict";\n' + "\n".join(modules.values()) + "})();\n")


def shortened(source: str) -> str:
    """Remove the comments and indents of a script, which are half of it.

    No string of the script may hold `/**`, or have a line that begins with `//`.
    """
    return _COMMENT.sub("", source)
