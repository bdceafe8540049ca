"""Holds what a command line is parsed into: one frozen dataclass for each kind of command."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal

from sandbox.model.plan import Throttle, Ulimit

PullPolicy = Literal["missing", "always", "never"]


@dataclass(frozen=True, slots=True)
class Run:
    """One `docker run`, as the line says it; None, empty or False where the line says nothing.

    `image` is as written, and `options` the arguments before it. `memory`, `memory_swap` and `shm_size` are bytes (swap
    -1: no limit), `cpus` cores; an extra host is `name:address`. `entrypoint` "" takes the image's away; an `env` entry
    without `=` takes that name away.
    """

    name: ClassVar[str] = "run"
    image: str
    args: tuple[str, ...] = ()
    container_name: str | None = None
    interactive: bool = False
    tty: bool = False
    remove: bool = False
    init: bool = False
    read_only: bool = False
    quiet: bool = False
    env: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    workdir: str | None = None
    user: str | None = None
    hostname: str | None = None
    memory: int | None = None
    memory_swap: int | None = None
    cpus: float | None = None
    pids_limit: int | None = None
    network: str | None = None
    pid: str | None = None
    ipc: str | None = None
    entrypoint: str | None = None
    pull: PullPolicy = "missing"
    platform: str | None = None
    stop_signal: str | None = None
    ulimits: tuple[Ulimit, ...] = ()
    tmpfs: tuple[str, ...] = ()
    shm_size: int | None = None
    groups: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    read_bps: tuple[Throttle, ...] = ()
    write_bps: tuple[Throttle, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def argv(self) -> tuple[str, ...]:
        """Return the arguments of the line again, `docker` first."""
        return ("docker", "run", *self.options, self.image, *self.args)


@dataclass(frozen=True, slots=True)
class Pull:
    """One `docker pull`; `image` is as written."""

    name: ClassVar[str] = "pull"
    image: str
    quiet: bool = False
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class Images:
    """One `docker images`; `reference` is a repository, with or without a tag, to list alone."""

    name: ClassVar[str] = "images"
    quiet: bool = False
    no_trunc: bool = False
    digests: bool = False
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """A line that the client answers by itself: what it prints, its exit code, one Korean step that helps, and lines
    that were perhaps meant (`offers`), of which nobody knows yet whether this host takes them."""

    name: ClassVar[str] = "printed"
    stdout: str = ""
    stderr: str = ""
    code: int = 0
    hint: str | None = None
    offers: tuple[str, ...] = ()


Command = Run | Pull | Images | Printed
_ALWAYS = frozenset({"image", "args", "code"})
_NEVER = frozenset({"options", "offers"})
_NESTED = frozenset({"ulimits", "read_bps", "write_bps"})


def as_dict(command: Command) -> dict[str, Any]:
    """Return plain values for the `accepted` event: `name` first, then only what differs from saying nothing."""
    kept: dict[str, Any] = {"name": command.name}
    for field in fields(command):
        value = getattr(command, field.name)
        if field.name in _ALWAYS or (field.name not in _NEVER and value != field.default):
            kept[field.name] = value
    return kept | {key: [*map(asdict, kept[key])] for key in _NESTED & kept.keys()}
