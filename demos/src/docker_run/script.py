"""The element's modules as one classic script, each after those that it needs.

A page then asks for one file instead of one for each module, and the element also works on a page that is opened from
disk, where browsers load no modules. Comments and indents stay at home; the modules are what is written and tested.
"""

from __future__ import annotations

import re
from pathlib import Path

NAME = "docker-run.js"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_COMMENT = re.compile(r"/\*\*(?:[^*]|\*(?!/))*\*/[ \n]?|^ *//.*\n|^ +|^\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function|class|const)", re.MULTILINE)


def joined(folder: Path, entry: str = "element.js") -> str:
    """The script that does what the module `entry` in `folder` does."""
    parts: dict[str, str] = {}

    def add(name: str) -> None:
        source = (folder / name).read_text(encoding="utf-8")
        for needed in _IMPORT.findall(source):
            if needed not in parts:
                add(needed)
        parts[name] = _EXPORT.sub("", _IMPORT.sub("", source))

    add(entry)
    return shortened('(() => {\n"use strict";\n' + "\n".join(parts.values()) + "})();\n")


def shortened(source: str) -> str:
    """A script without its comments and indents, which are half of it. Only for what keeps them off its text: a line
    that begins with `//`, and `/**`, stand nowhere in its strings."""
    return _COMMENT.sub("", source)
