"""Defines what crosses the runner's socket: a request one way, replies and events the other, one line of JSON each.

One connection carries one request. An event is in the wire's own form, with `at` counted from the request's `received`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from sandbox.model import events, plain
from sandbox.model.events import Event, Provenance
from sandbox.model.image import Image
from sandbox.model.plan import Plan

LONGEST_REQUEST = 1 << 20
# the longest head start of a run, in seconds
HEAD_START = 0.5
# one chunk of output, each byte escaped, with room to spare
LONGEST_REPLY = 1 << 21


class ProtocolError(ValueError):
    """A line that is not one of these messages."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A request to run `plan` from the image of this id for a Docker host. The answer is the run's events, and a
    `Script` where one was not executed.

    `received` is the monotonic time in seconds at which the visitor's request was read. For the first `head_start`
    seconds a run is served before those that go on.
    """

    type: ClassVar[str] = "run"
    image: str
    plan: Plan
    isolation: str
    host: str
    received: float
    head_start: float = HEAD_START


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A request to pull an image for a visitor at `address`; `have` are the digests of the layers that the Docker host
    has.

    The answer is `Resolved` and `pull` events, then one of `Fetched`, `NoImage` and the event `failed`.
    """

    type: ClassVar[str] = "pull"
    reference: str
    platform: str | None
    have: tuple[str, ...]
    received: float
    address: str = ""


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """A request for the runner's state. The answer is one `Status`."""

    type: ClassVar[str] = "status"


@dataclass(frozen=True, slots=True)
class Status:
    """The runner's state: `reason` says why no container can be started, None when one was really started lately.

    `registry` says why images cannot be had, empty when they can and None while that is not known. `run_ms` is how long
    a run takes that does nothing, where that was measured.
    """

    type: ClassVar[str] = "status"
    reason: str | None
    isolations: tuple[str, ...] = ("container",)
    registry: str | None = None
    run_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """The digest that a pull's reference points at, known before the layers come."""

    type: ClassVar[str] = "resolved"
    digest: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Fetched:
    """The image of a pull that succeeded, its layers in the store."""

    type: ClassVar[str] = "fetched"
    image: Image


@dataclass(frozen=True, slots=True)
class NoImage:
    """The end of a pull that gave no image: what `docker pull` prints and its exit code; `reason` is a stable name."""

    type: ClassVar[str] = "no-image"
    stderr: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Script:
    """Why a script of the image was not executed, told before the run's last event: it ends its lines as Windows does
    (`crlf`), begins with a byte order mark (`bom`) or without `#!` (`none`), or names an `interpreter` that the image
    does not have (`missing`)."""

    type: ClassVar[str] = "script"
    program: str
    fault: Literal["crlf", "bom", "none", "missing"]
    interpreter: str = ""


Request = RunRequest | PullRequest | StatusRequest
Reply = Status | Resolved | Fetched | NoImage | Script


def _by_type(kinds: Iterable[Any]) -> Mapping[str, Any]:
    return {kind.type: kind for kind in kinds}


_REQUESTS, _REPLIES, _EVENTS = _by_type(get_args(Request)), _by_type(get_args(Reply)), _by_type(get_args(Event))


def encode(message: Request | Reply) -> bytes:
    """Return the message as a line, newline included."""
    return plain.line({"type": message.type, **plain.encode(message)})


def decode_request(line: bytes) -> Request:
    """Return the request in a line; ProtocolError for anything else."""
    request: Request = _decode(line, LONGEST_REQUEST, _REQUESTS)
    return request


def decode_reply(line: bytes) -> Reply | Event:
    """Return the reply or event in a line; ProtocolError for anything else."""
    message: Reply | Event = _decode(line, LONGEST_REPLY, {**_REPLIES, **_EVENTS})
    return message


def type_of(line: bytes) -> str:
    """Return the type of a reply or event without decoding the rest; ProtocolError when there is none."""
    try:
        return events.type_of(line)
    except ValueError as error:
        raise ProtocolError("not an event") from error


def _decode(line: bytes, longest: int, kinds: Mapping[str, Any]) -> Any:
    if len(line) > longest:
        raise ProtocolError(f"more than {longest} bytes")
    try:
        value = plain.parse(line)
        kind = kinds[value.pop("type")]
        at = value.pop("at") if kind in _EVENTS.values() else 0.0
        message = plain.decode(kind, value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProtocolError(f"not a message: {error}") from error
    if not isinstance(at, int | float):
        raise ProtocolError("not a message: no time")
    return message
