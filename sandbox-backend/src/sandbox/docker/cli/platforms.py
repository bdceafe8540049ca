"""`--platform`, as github.com/containerd/platforms reads it."""

from __future__ import annotations

import re

from sandbox.docker.go import quote

_SYSTEM = re.compile(r"([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.-]*)\))?")
_COMPONENT = re.compile(r"[A-Za-z0-9_.-]+")
_SYSTEMS = frozenset(
    "aix android darwin dragonfly freebsd illumos ios js linux netbsd openbsd plan9 solaris windows".split()
)
_ARCHITECTURES = frozenset(
    "386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm".split()
)
_ALIASES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "amd64/v1": "amd64",
    "aarch64": "arm64",
    "arm64/v8": "arm64",
    "arm64/8": "arm64",
    "armhf": "arm/v7",
    "arm/7": "arm/v7",
    "armel": "arm/v6",
    "arm/6": "arm/v6",
    "i386": "386",
    "macos": "darwin",
}


def platform(value: str) -> str | None:
    """`os/architecture[/variant]`, spelt as registries spell it; an operating system alone names no architecture.

    ValueError in Docker's words; None for an empty value, which says nothing.
    """
    if not value:
        return None
    parts = value.split("/", 3)
    _check(parts, value)
    lower = value.lower()
    if len(parts) == 1:
        return _single(_ALIASES.get(lower, lower), value)
    if len(parts) > 3:
        raise ValueError(f"{quote(value)}: cannot parse platform specifier: invalid argument")
    system, _, architecture = lower.partition("/")
    return f"{_ALIASES.get(system, system)}/{_ALIASES.get(architecture, architecture)}"


def _check(parts: list[str], value: str) -> None:
    if not _SYSTEM.fullmatch(parts[0]):
        raise ValueError(_invalid(parts[0], value, "OS component", "OSAndVersion", _SYSTEM))
    for part in parts[1:]:
        if not _COMPONENT.fullmatch(part):
            raise ValueError(_invalid(part, value, "component", "platform", _COMPONENT))


def _single(word: str, value: str) -> str:
    if word in _SYSTEMS:
        return word
    if word.partition("/")[0] in _ARCHITECTURES:
        return f"linux/{word}"
    raise ValueError(f"{quote(value)}: unknown operating system or architecture: invalid argument")


def _invalid(part: str, value: str, what: str, kind: str, rule: re.Pattern[str]) -> str:
    return (
        f"{quote(part)} is an invalid {what} of {quote(value)}: "
        f"{kind} specifier component must match {quote('^' + rule.pattern + '$')}: invalid argument"
    )
