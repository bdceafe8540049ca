"""Checks the value of `--platform` as github.com/containerd/platforms does."""

from __future__ import annotations

import re

from sandbox.docker.go import quote
from sandbox.model.platform import normalised

_SYSTEM = re.compile(r"([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.-]*)\))?")
_COMPONENT = re.compile(r"[A-Za-z0-9_.-]+")
_SYSTEMS = frozenset(
    "aix android darwin dragonfly freebsd illumos ios js linux netbsd openbsd plan9 solaris windows".split()
)
_ARCHITECTURES = frozenset(
    "386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm".split()
)


def platform(value: str) -> str | None:
    """Return `os/architecture[/variant]` as registries spell it; an operating system alone names no architecture.

    ValueError in Docker's words; None for an empty value, which says nothing.
    """
    if not value:
        return None
    parts = value.split("/", 3)
    _check(parts, value)
    if len(parts) == 1:
        return _single(value)
    if len(parts) > 3:
        raise ValueError(f"{quote(value)}: cannot parse platform specifier: invalid argument")
    return str(normalised(*parts))


def _check(parts: list[str], value: str) -> None:
    if not _SYSTEM.fullmatch(parts[0]):
        raise ValueError(_invalid(parts[0], value, "OS component", "OSAndVersion", _SYSTEM))
    for part in parts[1:]:
        if not _COMPONENT.fullmatch(part):
            raise ValueError(_invalid(part, value, "component", "platform", _COMPONENT))


def _single(value: str) -> str:
    system, architecture = normalised(value, ""), normalised("linux", value)
    if system.os in _SYSTEMS:
        return system.os
    if architecture.architecture in _ARCHITECTURES:
        return str(architecture)
    raise ValueError(f"{quote(value)}: unknown operating system or architecture: invalid argument")


def _invalid(part: str, value: str, what: str, kind: str, rule: re.Pattern[str]) -> str:
    return (
        f"{quote(part)} is an invalid {what} of {quote(value)}: "
        f"{kind} specifier component must match {quote('^' + rule.pattern + '$')}: invalid argument"
    )
