"""Defines the wire's events: what happens to a command line, one frozen dataclass for each type.

The field order is the order on the wire; `type` and `at` come first, so that a relay finds an event's type in the
line's first bytes. Fields that are None by default are left out while they are None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from sandbox.model import plain

Stream = Literal["stdout", "stderr"]
Reason = Literal["exit", "signal", "oom", "timeout", "output-limit", "cancelled", "not-started"]
Provenance = Literal["official", "stand-in"]
ImageState = Literal["present", "missing"]


@dataclass(frozen=True, slots=True)
class Accepted:
    type: ClassVar[str] = "accepted"
    run: str
    host: str
    command: dict[str, Any]
    isolation: str


@dataclass(frozen=True, slots=True)
class Queued:
    type: ClassVar[str] = "queued"
    position: int
    retry_seconds: float


@dataclass(frozen=True, slots=True)
class Image:
    type: ClassVar[str] = "image"
    reference: str
    state: ImageState
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True)
class Pull:
    """A layer's progress in Docker's own words; `current` and `total` are bytes, only while something moves."""

    type: ClassVar[str] = "pull"
    layer: str | None
    status: str
    current: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    type: ClassVar[str] = "pulled"
    digest: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Created:
    """A container that was made and not started yet.

    `system_bytes` is what an isolation adds to the image: a kernel and what it runs on. `network_bps` is the most bytes
    a second that its network carries each way. Both are None without one.
    """

    type: ClassVar[str] = "created"
    container: str
    image_digest: str
    argv: tuple[str, ...]
    argv_source: Literal["image", "request"]
    layers: int
    root_bytes: int
    created_ms: float
    system_bytes: int | None = None
    network_bps: int | None = None


@dataclass(frozen=True, slots=True)
class Guest:
    """A container's first process as the kernel of its virtual machine sees it, and that kernel's own namespaces."""

    pid: int
    namespaces: dict[str, int]
    own_namespaces: dict[str, int]
    cgroup: str


@dataclass(frozen=True, slots=True)
class Started:
    type: ClassVar[str] = "started"
    pid: int
    pid_inside: int
    namespaces: dict[str, int]
    cgroup: str
    kernel: str
    start_ms: float
    guest: Guest | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """A process as the machine's kernel lists it; the names with `inside` are what the process itself reads."""

    pid: int
    pid_inside: int
    uid: int
    uid_inside: int
    gid: int
    gid_inside: int
    command: str
    namespaces: dict[str, int]


@dataclass(frozen=True, slots=True)
class Inspection:
    """The container as the machine's kernel lists it; `more` processes are not listed.

    What follows `cgroups` is of the first process: `root` its line of mountinfo, `uid_map` the first id inside, the
    first on the machine, and how many.
    """

    type: ClassVar[str] = "inspection"
    processes: tuple[Process, ...]
    more: int
    cgroups: tuple[str, ...]
    root: str
    capabilities: tuple[str, ...]
    seccomp: str
    no_new_privs: bool
    uid_map: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Output:
    type: ClassVar[str] = "output"
    stream: Stream
    text: str


@dataclass(frozen=True, slots=True)
class Stats:
    type: ClassVar[str] = "stats"
    cpu_ms: float
    throttled_ms: float
    memory_bytes: int
    memory_limit: int
    pids: int
    read_bytes: int
    written_bytes: int
    received_bytes: int
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class Notice:
    type: ClassVar[str] = "notice"
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Exited:
    """The reader's result: `message` is what docker would print, `hint` one Korean step that helps."""

    type: ClassVar[str] = "exited"
    code: int
    reason: Reason
    signal: str | None = None
    message: str | None = None
    hint: str | None = None
    wall_ms: float = 0.0
    cpu_ms: float = 0.0
    peak_memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """A failure of this service, never the reader's; the detail is in the log only."""

    type: ClassVar[str] = "failed"
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    type: ClassVar[str] = "heartbeat"


Event = (
    Accepted
    | Queued
    | Image
    | Pull
    | Pulled
    | Created
    | Started
    | Inspection
    | Output
    | Stats
    | Notice
    | Exited
    | Failed
    | Heartbeat
)
LAST_TYPES = frozenset({Exited.type, Failed.type})


def encode(event: Event, at: float) -> bytes:
    """Return one NDJSON line, newline included; `at` is seconds since the request was read, kept to the microsecond."""
    return plain.line({"type": event.type, "at": round(at, 6), **plain.encode(event)})


def type_of(line: bytes) -> str:
    """Return the type of an encoded line without decoding the rest of it; ValueError when there is none."""
    return line[9 : line.index(b'"', 9)].decode("ascii")
