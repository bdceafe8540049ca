"""Reads the log of an OCI runtime: one object of JSON a line."""

from __future__ import annotations

from sandbox.model import plain


def message(line: str) -> str | None:
    """Return what a line says; None when it is no line of such a log."""
    try:
        said = plain.parse(line)["msg"]
    except (ValueError, LookupError, TypeError):
        return None
    return said if isinstance(said, str) else None
