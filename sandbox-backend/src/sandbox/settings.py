"""Every knob of the backend: defaults here, an operator's TOML file over them, some environment variables on top.

This is the only module that reads the environment.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import dacite

from sandbox.model import addresses
from sandbox.model.plan import Limits


class SettingsError(ValueError):
    """A setting that cannot be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`slots` runs at once, `queue` more waiting, `per_address` of both from one address, which may hold that many
    `connections`. Times in seconds.

    `allowed_hosts` are answered as Host headers besides loopback and `listen`: a name with a port as it is, a name
    alone with our port, too. With `proxy_protocol` each connection begins with a proxy's line that says whose it is.

    Pages of `frame_ancestors` may show ours in a frame, besides our own and those of `origins`: each one a source of a
    Content-Security-Policy, an origin or `https://*.school.example`.

    `machine` says where runs are: in containers of this very machine ("here"), in a small Linux under QEMU that needs
    no privilege ("guest"), or nowhere ("pages": the site alone, with its recordings).
    `registry` is the one registry that images come from, an http:// or https:// base address; empty means the
    local one, which `serve` starts by itself.
    Each address asks it for `registry_questions` manifests a minute; what a tag led to is believed for `tag_seconds`.
    Unpacked images may have `store_bytes` on the disk, and half of what is free there; beyond that those that were
    unused for the longest time go, but for `kept_images`.
    `vm_slots` virtual machines at once, each of `vm_memory` at most and for `vm_seconds` with its start; with
    KVM where that works, unless `vm_accelerator` wants software emulation ("tcg").
    A container on a bridge sends `network_bits` a second at most, and receives as many.
    All runs together have `runs_memory` bytes; 0 is what the machine has free at the start, but for a reserve.
    Runs together may make the kernel take `kernel_bytes` of memory that their limits do not count.
    `emulated` says that this machine itself is software: runs take longer, and pages say so.
    `data_dir` holds images and survives a restart; `run_dir` holds sockets and live runs and does not. It and `cgroup`
    are named for the port, so that two backends on one machine do not meet.
    """

    machine: Literal["here", "guest", "pages"] = "here"
    listen: str = "127.0.0.1"
    port: int = 8000
    registry: str = ""
    registry_hosts: tuple[str, ...] = ()
    site: Path | None = None
    origins: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    data_dir: Path = Path("/var/lib/docker-run-sandbox")
    run_dir: Path = Path("/run/docker-run-sandbox-8000")
    crun: str = "crun"
    runsc: str = "runsc"
    cgroup: str = "docker-run-sandbox-8000"
    slots: int = 8
    queue: int = 64
    per_address: int = 48
    connections: int = 256
    proxy_protocol: bool = False
    emulated: bool = False
    body_bytes: int = 64 * 1024
    body_seconds: float = 10.0
    stalled_seconds: float = 15.0
    idle_seconds: int = 900
    max_hosts: int = 500
    pull_seconds: float = 120.0
    registry_questions: int = 60
    tag_seconds: float = 10.0
    image_bytes: int = 512 * 1024 * 1024
    image_files: int = 50_000
    store_bytes: int = 4 * 1024 * 1024 * 1024
    kept_images: tuple[str, ...] = ("hello-world:latest", "alpine:latest", "busybox:latest")
    unpack_seconds: float = 60.0
    vm_slots: int = 1
    vm_memory: int = 512 * 1024 * 1024
    vm_seconds: float = 30.0
    vm_accelerator: Literal["auto", "tcg"] = "auto"
    network_bits: int = 8_000_000
    runs_memory: int = 0
    kernel_bytes: int = 96 * 1024 * 1024
    first_uid: int = 2_000_000_000
    limits: Limits = field(default_factory=Limits)

    @property
    def web_uid(self) -> int:
        """The user id of the web process; like the ones below it belongs to no account of the machine."""
        return self.first_uid - 1

    @property
    def puller_uid(self) -> int:
        return self.first_uid - 2

    @property
    def registry_uid(self) -> int:
        return self.first_uid - 3

    @property
    def store_uid(self) -> int:
        """The first of the 65,536 user ids that own the files of unpacked layers on disk."""
        return self.first_uid - 1_000_000


MAY_BE_ZERO = {"queue", "runs_memory", "tag_seconds"}
ENVIRONMENT = {"MACHINE": "machine", "HOST": "listen", "PORT": "port", "SANDBOX_REGISTRY": "registry"}


def load(file: Path | None, environ: Mapping[str, str], given: Mapping[str, Any] | None = None) -> Settings:
    """The settings in force: `given` on the command line over the environment over `file`.

    SettingsError on an unknown name, a wrong type or an unreadable file.
    """
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{file}: {error}") from error
    for variable, name in ENVIRONMENT.items():
        if environ.get(variable):
            values[name] = environ[variable]
    values["allowed_hosts"] = _with_more(values.get("allowed_hosts", []), environ.get("HOSTS", ""))
    return from_values(values | dict(given or {}))


def from_values(values: Mapping[str, Any]) -> Settings:
    """Settings from plain values, as TOML or the command line gives them."""
    values = dict(values)
    if isinstance(values.get("port"), str):
        if not (values["port"].isascii() and values["port"].isdigit()):
            raise SettingsError(f"port: not a number: {values['port']!r}")
        values["port"] = int(values["port"])
    for name in ("allowed_hosts", "origins", "frame_ancestors", "registry_hosts", "kept_images"):
        if isinstance(values.get(name), str):
            raise SettingsError(f"{name}: not a list: {values[name]!r}")
    port = values.get("port", Settings().port)
    values = {"run_dir": f"/run/docker-run-sandbox-{port}", "cgroup": f"docker-run-sandbox-{port}"} | values
    try:
        settings = dacite.from_dict(
            Settings, values, dacite.Config(strict=True, cast=[tuple], type_hooks={Path: Path, float: float})
        )
    except dacite.DaciteError as error:
        raise SettingsError(str(error)) from error
    for name, value in _numbers(settings):
        # Python's True is a number, but nobody means one by it
        if isinstance(value, bool) or value <= (-1 if name in MAY_BE_ZERO else 0):
            raise SettingsError(f"{name}: {value} is not a number that can be used")
    if not 1_100_000 < settings.first_uid <= 2**32 - 2 - 2 * settings.slots * 65_536:
        raise SettingsError(f"first_uid: {settings.first_uid} leaves no room for the ids of runs and layers")
    if not 0 < settings.port < 65536:
        raise SettingsError(f"port: {settings.port} is not between 1 and 65535")
    _check_registry(settings.registry)
    _check_addresses(settings)
    return dataclasses.replace(settings, listen=settings.listen.strip("[]"), registry=settings.registry.rstrip("/"))


def _check_registry(registry: str) -> None:
    scheme, _, rest = registry.partition("://")
    # of the processes' own making
    if not registry or registry.startswith("unix:/"):
        return
    if scheme not in ("http", "https"):
        raise SettingsError(f"registry: {registry!r} does not start with http:// or https://")
    if not addresses.is_host(rest.partition("/")[0]):
        raise SettingsError(f"registry: {registry!r} names no host. Write it so: http://registry.example:5000")


def _check_addresses(settings: Settings) -> None:
    for name in settings.allowed_hosts:
        if not addresses.is_host(name):
            raise SettingsError(
                f"allowed_hosts: {name!r} is not a host. Write a name or an address as it stands in a browser, without "
                "http:// and without a path: docs.example, docs.example:8443, [2001:db8::7]:8000"
            )
    for origin in settings.origins:
        if "*" in origin or not addresses.is_source(origin):
            raise SettingsError(
                f"origins: {origin!r} is not an origin. Write it as browsers do, without a path: https://course.example"
            )
    for source in settings.frame_ancestors:
        if not addresses.is_source(source):
            raise SettingsError(
                f"frame_ancestors: {source!r} is not an origin. Write it without a path: https://course.example, "
                "https://*.school.example, http://127.0.0.1:8888"
            )


def _with_more(hosts: Any, listed: str) -> Any:
    """`hosts` and those that HOSTS lists, with commas or spaces between them."""
    return [*hosts, *filter(None, re.split(r"[,\s]+", listed))] if isinstance(hosts, list) else hosts


def _numbers(settings: Settings) -> Iterator[tuple[str, float]]:
    for owner in (settings, settings.limits):
        for one in dataclasses.fields(owner):
            value = getattr(owner, one.name)
            if isinstance(value, int | float) and not isinstance(one.default, bool):
                yield one.name, value
