"""Joins the element's modules into one classic script, each module after those that it imports.

A page then fetches one file instead of one for each module, and the element also works on a page that is opened from
disk, where browsers load no modules.
"""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[\w./-]+\.js)";\n', re.MULTILINE)
# what stays as it is (strings, templates, regular expressions), or else what separates words (comments, white space)
_PIECE = re.compile(
    r"""(?P<kept>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`"""
    r"""|(?<=[\s(,=:?&|!\[{;>])/(?![*/\s])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)"""
    r"""|(?P<gap>(?:\s|//[^\n]*|/\*.*?\*/)+)""",
    re.DOTALL,
)
_STYLE_GAP = re.compile(r"/\*.*?\*/|(?<=[{};,:\s])\s+|\s+(?=[{};,])", re.DOTALL)
_NAME = re.compile(r"[\w$#@]")
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
# a private name where a class declares it, and anywhere
_PRIVATE = re.compile(r"(?:[{};\n]|get |async )(#[a-zA-Z]\w*)(?=[=;({\n])")
_USED = re.compile(r"(?<=[.{};\s!(,])#[a-zA-Z]\w*|#[a-zA-Z]\w*(?=\sin)")
# a module's own constant, where it is declared
_CONSTANT = re.compile(r"^const ([A-Z][A-Z_]+) =", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function|class|const)", re.MULTILINE)


def joined(entry: Path) -> str:
    """Return the script that does what the module `entry` does."""
    modules: dict[Path, str] = {}
    constants: list[str] = []

    def add(module: Path) -> None:
        source = module.read_text(encoding="utf-8")
        for name in _IMPORT.findall(source):
            needed = (module.parent / name).resolve()
            if needed not in modules:
                add(needed)
        constants.extend(_CONSTANT.findall(source))
        modules[module] = _EXPORT.sub("", _IMPORT.sub("", source))

    add(entry.resolve())
    script = shortened('(() => {\n"use strict";\n' + "\n".join(modules.values()) + "})();\n")
    return _private(_constant(script, constants))


def _constant(script: str, names: list[str]) -> str:
    """Give constants names of two letters, which nothing else has; none of theirs may stand in a text of the script.

    Each is declared by the shorter word, as the type checker has seen that none is assigned to.
    """
    for number, name in enumerate(names):
        # a property and a key of an object are none of them, and what three dots spread is one
        used = rf"(?<![\w$])(?<!(?<!\.\.)\.){name}(?![\w$]|(?<=[{{,]{name}):)"
        script = re.sub(used, f"${_LETTERS[number]}", script)
    return re.sub(r"\bconst (?=[\w${[])", "let ", script)


def _private(script: str) -> str:
    """Give the private names of a script's classes names of one or two letters, which no other name can be."""
    known: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        number = len(known)
        return known.setdefault(found[0], "#" + _LETTERS[number % 52] + "_" * (number // 52))

    declared = {found[1] for found in _PRIVATE.finditer(script)}
    return _USED.sub(lambda found: named(found) if found[0] in declared else found[0], script)


def shortened(source: str) -> str:
    """Remove the comments of a script, and the white space that separates nothing.

    A template of the script may not hold another one.
    """
    made: list[str] = []
    end = 0
    for piece in _PIECE.finditer(source):
        made.append(source[end : piece.start()])
        end = piece.end()
        made.append(piece["kept"] or _gap(source[piece.start() - 1 : piece.start()], piece[0], source[end : end + 1]))
    return "".join(made) + source[end:]


def _gap(before: str, gap: str, after: str) -> str:
    """Return what has to stay of a gap between two characters of a script."""
    if _NAME.match(before) and _NAME.match(after):
        return "\n" if "\n" in gap else " "
    if before == after and before in ("+", "-"):
        return " "
    # a line that ends here may end a statement
    ends = "\n" in gap and re.match(r"[\w$)\]}]", before) and after not in ")]},;.?:"
    return "\n" if ends else ""


def shortened_style(sheet: str) -> str:
    """Remove the comments of a style sheet, and the white space that separates nothing."""
    return _STYLE_GAP.sub("", sheet.replace("\n", " ")).replace(";}", "}")
