"""Defines what crosses the puller's socket: a request one way, replies the other, one datagram of JSON each.

A request has a number of its own, which its replies carry. `Fetch` comes with the descriptor of the file to write into.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from sandbox.model import plain

LARGEST_MESSAGE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    """How to start: the inherited socket, the registry's address, whom else it may send us to, who to become, what
    folder to see, how many bytes a file may have, and how many seconds may be waited to ask again for one."""

    descriptor: int
    registry: str
    hosts: tuple[str, ...]
    uid: int
    view: str
    bytes: int
    patience: float


@dataclass(frozen=True, slots=True)
class Fetch:
    """A request for a manifest by tag or digest, or for a blob; `most` bytes at most. The answer is `Fetched`."""

    type: ClassVar[str] = "fetch"
    kind: Literal["manifest", "blob"]
    repository: str
    reference: str
    most: int


@dataclass(frozen=True, slots=True)
class Check:
    """A request to ask the registry whether it is one. The answer is an empty `Fetched`."""

    type: ClassVar[str] = "check"


@dataclass(frozen=True, slots=True)
class Cancel:
    """The end of the request of the same number: nobody waits for it any more. There is no answer."""

    type: ClassVar[str] = "cancel"


@dataclass(frozen=True, slots=True)
class Progress:
    """The bytes of a file that have come so far."""

    type: ClassVar[str] = "progress"
    bytes: int


@dataclass(frozen=True, slots=True)
class Retrying:
    """The registry could not answer just now, and is asked again in so many seconds."""

    type: ClassVar[str] = "retrying"
    seconds: float


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came, as the puller reports it; whoever builds on the digest computes it again."""

    type: ClassVar[str] = "fetched"
    digest: str = ""
    size: int = 0
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a request gave nothing; `code` is stable, `text` is containerd's part of the message."""

    type: ClassVar[str] = "failed"
    code: str
    text: str


Request = Fetch | Check | Cancel
Reply = Progress | Retrying | Fetched | Failed
_REQUESTS: dict[str, Any] = {kind.type: kind for kind in (Fetch, Check, Cancel)}
_REPLIES: dict[str, Any] = {kind.type: kind for kind in (Progress, Retrying, Fetched, Failed)}


def encode(number: int, message: Request | Reply) -> bytes:
    """Return the datagram of a message of the request `number`."""
    return plain.line({"id": number, "type": message.type, **plain.encode(message)})


def decode_request(data: bytes) -> tuple[int, Request]:
    """Return a datagram's number and request; ValueError for anything else."""
    return _decode(data, _REQUESTS)


def decode_reply(data: bytes) -> tuple[int, Reply]:
    """Return a datagram's number and reply; ValueError for anything else."""
    return _decode(data, _REPLIES)


def _decode(data: bytes, kinds: dict[str, Any]) -> tuple[int, Any]:
    try:
        value = plain.parse(data)
        number, kind = value.pop("id"), kinds[value.pop("type")]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a message: {error}") from error
    if type(number) is not int:
        raise ValueError("not a message: no number")
    return number, plain.decode(kind, value)
