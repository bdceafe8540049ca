"""Reads JSON as strictly as the browser does."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def strict(data: bytes) -> Any:
    """What is in a document. AssertionError when a browser would not take it for one."""
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse)
    except ValueError as error:
        raise AssertionError(f"not JSON: {data[:200]!r}") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
