"""The settings of the backend in the guest, from those of the outside."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.model import addresses
from sandbox.model.plan import Limits
from sandbox.settings import Settings

# the guest's own files, names and numbers
OWN = frozenset(
    {"machine", "listen", "site", "data_dir", "run_dir", "cgroup", "crun", "runsc", "first_uid", "registry"}
)
# the outside's loopback, as QEMU's user-mode network shows it
OUTSIDE = "10.0.2.2"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# a run with a twentieth of an emulated processor needs 23 s to fill the memory that a real one fills at once
EMULATED_SECONDS = 60.0
FIXED = {
    "listen": "0.0.0.0",  # noqa: S104 - the guest's own network has QEMU in it and nobody else
    "site": "/opt/sandbox/site",
    "data_dir": "/data",
    "proxy_protocol": True,
}


def settings(outside: Settings, *, emulated: bool) -> str:
    """TOML for the guest's backend: what the operator has changed, with what the guest is itself. Runs on an emulated
    processor may take longer, unless the operator has set how long."""
    if emulated and outside.limits.seconds == Limits().seconds:
        outside = dataclasses.replace(outside, limits=dataclasses.replace(outside.limits, seconds=EMULATED_SECONDS))
    values = {**_changed(outside), **FIXED, "emulated": emulated, "allowed_hosts": _hosts(outside)}
    if outside.registry:
        values["registry"] = _registry(outside.registry)
    return "".join(_toml(values))


def _changed(outside: Settings) -> dict[str, Any]:
    values, defaults = (dataclasses.asdict(one) for one in (outside, Settings()))
    return {name: value for name, value in values.items() if name not in OWN and value != defaults[name]}


def _hosts(outside: Settings) -> list[str]:
    """All that the outside answers to; what a connection itself came to goes by the PROXY line."""
    own = [] if addresses.is_wildcard(outside.listen) else [f"{addresses.bracketed(outside.listen)}:{outside.port}"]
    return [*own, *outside.allowed_hosts]


def _registry(address: str) -> str:
    """The same registry as the guest reaches it."""
    parts = urlsplit(address)
    if parts.hostname not in LOOPBACK:
        return address
    return parts._replace(netloc=OUTSIDE + (f":{parts.port}" if parts.port else "")).geturl()


def _toml(values: Mapping[str, Any]) -> Iterator[str]:
    """Plain values first, then tables; JSON's strings, numbers, booleans and lists are TOML's too."""
    yield from (f"{name} = {json.dumps(value)}\n" for name, value in values.items() if not isinstance(value, Mapping))
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield f"[{name}]\n"
            yield from _toml(value)
