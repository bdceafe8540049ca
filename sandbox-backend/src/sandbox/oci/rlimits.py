"""Writes a process's resource limits in the form of the OCI runtime specification. Pure."""

from __future__ import annotations

import resource
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.model.plan import Limits, Ulimit

# Linux has it, and Python no name for it
_LOCKS = 10
NOTHING: Mapping[str, int] = MappingProxyType({})


def build(limits: Limits, ulimits: Iterable[Ulimit] = (), held: Mapping[str, int] = NOTHING) -> list[dict[str, Any]]:
    """The limits that every process has, `held` and that of open files, with the reader's own `ulimits` in place of
    those of the same name."""
    usual = (Ulimit(name, number, number) for name, number in {"nofile": limits.open_files, **held}.items())
    chosen = {_type(one): {"type": _type(one), "soft": one.soft, "hard": one.hard} for one in (*usual, *ulimits)}
    return list(chosen.values())


def number(ulimit: Ulimit) -> int:
    """The kernel's number of a limit, as prlimit(2) takes it."""
    return _LOCKS if ulimit.name == "locks" else int(getattr(resource, _type(ulimit)))


def _type(ulimit: Ulimit) -> str:
    return f"RLIMIT_{ulimit.name.upper()}"
