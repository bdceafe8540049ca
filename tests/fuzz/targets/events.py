"""What crosses between processes as lines of JSON: any bytes are a message that says itself again, or the one error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, get_args

from fuzz.engine import Check, Target
from fuzz.mutation import Inputs, changed, mutated, written
from fuzz.strict import strict
from sandbox.images.puller import messages
from sandbox.model import events, protocol
from sandbox.model.protocol import ProtocolError
from support.backend import REPOSITORY

GOLDEN = REPOSITORY / "tests/unit/cases/events.ndjson"
PIECES = (b'"', b"\\u0000", b"\\ud800", b"1e999", b"NaN", b"null", b"{", b"[", b",", b":", b"\xff", b'"type":"', b"-")


def check(data: bytes) -> str:
    """Have a line read by every reader, and write what they have read."""
    with suppress(ProtocolError):
        protocol.type_of(data)
    return " ".join(read(data) or "-" for read in READERS)


def _read(decode: Callable[[bytes], Any], encode: Callable[[Any], bytes], error: type[Exception], data: bytes) -> str:
    """Read `data` with `decode`, which may refuse it with `error` alone; the type of the message."""
    try:
        message = decode(data)
    except error:
        return ""
    line = encode(message)
    assert line.count(b"\n") == 1
    strict(line)
    # what stands for half a character stays as it is from then on
    assert encode(decode(line)) == line
    return _type(message)


def _type(message: Any) -> str:
    return str(message[1].type if isinstance(message, tuple) else message.type)


def _reply(message: Any) -> bytes:
    line = events.encode(message, 0.0) if isinstance(message, get_args(events.Event)) else protocol.encode(message)
    assert protocol.type_of(line) == message.type
    return line


def _numbered(message: tuple[int, Any]) -> bytes:
    return messages.encode(*message)


READERS = (
    partial(_read, protocol.decode_request, protocol.encode, ProtocolError),
    partial(_read, protocol.decode_reply, _reply, ProtocolError),
    partial(_read, messages.decode_request, _numbered, ValueError),
    partial(_read, messages.decode_reply, _numbered, ValueError),
)


def inputs(seeds: Sequence[bytes]) -> Inputs:
    """Lines with odd values in odd places, and with bytes changed."""
    documents = [json.loads(seed) for seed in seeds if _is_json(seed)]
    names = [*protocol._REQUESTS, *protocol._REPLIES, *protocol._EVENTS]
    kinds = [*protocol._REQUESTS.values(), *protocol._REPLIES.values(), *protocol._EVENTS.values()]
    known = sorted({field.name for kind in kinds for field in fields(kind)} | {"type", "at", "id"})
    return changed(documents, known, [{"type": name} for name in names] + names).map(written) | mutated(seeds, PIECES)


def _is_json(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


def golden() -> list[bytes]:
    """The golden line of every event."""
    return GOLDEN.read_bytes().splitlines(keepends=True)


@contextmanager
def opened(_: Path) -> Iterator[Check]:
    """What checks a line."""
    yield check


TARGET = Target("events", inputs, opened, examples=400, extra=golden, traced=True)
