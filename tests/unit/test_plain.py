"""JSON that strangers send is a value or a ValueError."""

from __future__ import annotations

import pytest

from sandbox.model import plain

WRONG = {
    "empty": b"",
    "half": b"{",
    "lists": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "constant": b"NaN",
    "endless": b"1e999",
    "not UTF-8": b"\xff",
    "long": b"1" * 5000,
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_json_or_is_nested_too_deeply_is_a_wrong_value(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each kind has words of its own
        plain.parse(text)
