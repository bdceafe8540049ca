"""Formats values as Go's standard library does, because Docker's own messages are made by it."""

from __future__ import annotations

_ESCAPES = {
    "\\": "\\\\",
    '"': '\\"',
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def quote(value: str) -> str:
    """Return `value` in double quotes and escaped, as the verb `%q` of Go's fmt does."""
    return f'"{value.translate(_TABLE)}"'


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class _Table(dict[int, str]):
    """What is made of each character; the many that are not in it are worked out anew each time."""

    def __missing__(self, code: int) -> str:
        return _character(chr(code))


_TABLE = _Table({code: _character(chr(code)) for code in range(0x80)})
