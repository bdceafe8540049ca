"""Parses the fields of tar headers and PAX records. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

LAST_TIME = 2.0**63 // 10**9


class BadTar(ValueError):
    """A stream that is no tar, or one that this host does not unpack; the text says why."""


def text(field: bytes) -> bytes:
    """Return a field up to its NUL."""
    return field.partition(b"\0")[0]


def number(field: bytes) -> int:
    """Parse what cannot be less than zero."""
    value = signed(field)
    if value < 0:
        raise BadTar("invalid tar header")
    return value


def signed(field: bytes) -> int:
    """Parse octal digits, or GNU's base 256 for what they cannot hold: the first bit marks it, the rest is a number in
    two's complement."""
    if field[0] & 0xC0 == 0xC0:
        return int.from_bytes(field, "big", signed=True)
    if field[0] & 0x80:
        return int.from_bytes(bytes((field[0] & 0x7F,)) + field[1:], "big")
    digits = field.strip(b" \0")
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise BadTar("invalid tar header")
    return int(digits, 8)


def decimal(extensions: Mapping[bytes, bytes], key: bytes, otherwise: int, *, below_zero: bool = False) -> int:
    """Return the number in a PAX record, and `otherwise` without one."""
    value = extensions.get(key)
    # an empty one takes an earlier one back (pax(1), extended header)
    if not value:
        return otherwise
    if not (value[1:] if below_zero and value.startswith(b"-") else value).isdigit() or len(value) > 20:
        raise BadTar("invalid PAX record")
    return int(value)


def time(extensions: Mapping[bytes, bytes], otherwise: int) -> float:
    """Return a time in seconds, of a PAX record or `otherwise`, from 1970 on and as far as Go counts its nanoseconds; a
    file system takes of it what it holds."""
    try:
        # an empty one takes an earlier one back
        value = float(extensions.get(b"mtime") or otherwise)
    except ValueError as error:
        raise BadTar("invalid PAX record") from error
    return 0.0 if math.isnan(value) else min(max(value, 0.0), LAST_TIME)


def records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield PAX records, `<length> <key>=<value>\\n`, where the length counts the whole record."""
    at = 0
    while at < len(data):
        length, space, _ = data[at : at + 8].partition(b" ")
        end = at + int(length) if space and length.isdigit() else 0
        key, equals, value = data[at + len(length) + 1 : max(end - 1, 0)].partition(b"=")
        if not equals or data[end - 1 : end] != b"\n":
            raise BadTar("invalid PAX record")
        yield key, value
        at = end
