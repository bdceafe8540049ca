"""Holds what a configuration is built from besides the plan and the image: what the machine has set aside for the
container, and what the OCI runtime supports. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.docker import messages
from sandbox.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Node:
    """A character device that a container may use besides those that all have: its path inside, the device file on the
    machine, and its numbers."""

    path: str
    source: str
    major: int
    minor: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """What the machine has set aside for one container: its id, name, root file system and cgroup.

    `first_uid` is the first of its user ids on the machine; None gives it no user namespace. `files` are bound into it,
    each with its path inside and its path on the machine. `devices` are the block devices that its plan names, with
    their numbers, `disk` the numbers of its own disk, `nodes` its own character devices, `rlimits`
    the limits of its processes besides that of open files. `namespaces` are the paths of those that it joins, by their
    OCI type, and `sysctls` its kernel settings besides those that all have.
    """

    container: str
    hostname: str
    root: str
    cgroup: str
    first_uid: int | None = None
    files: tuple[tuple[str, str], ...] = ()
    disk: tuple[int, int] | None = None
    nodes: tuple[Node, ...] = ()
    rlimits: Mapping[str, int] = field(default_factory=dict)
    namespaces: Mapping[str, str] = field(default_factory=dict)
    sysctls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Features:
    """What an OCI runtime does of a configuration; the defaults are those of crun.

    `cgroups`: makes the cgroup and sets its limits, of which `cpu` is one. `sysctls`: sets kernel settings.
    `read_only_root`: mounts the root file system read-only. `ulimits`: sets the reader's own limits without being
    hindered by them. `devices`: hands devices and terminals of the machine's own kernel to a container.
    `user_namespaces`: puts a container into one that is there already. `unknown_mounts`: the types of mounts that it
    does not have.
    """

    cgroups: bool = True
    cpu: bool = True
    sysctls: bool = True
    read_only_root: bool = True
    ulimits: bool = False
    devices: bool = True
    user_namespaces: bool = True
    unknown_mounts: frozenset[str] = frozenset()


def hostname(plan: Plan, container: str) -> str:
    """The name that a container has for itself: `--hostname`, else the first twelve digits of its id."""
    return plan.hostname or messages.short(container)
