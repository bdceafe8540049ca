"""What crosses the runner's socket: all that is sent arrives, and nothing else is taken."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, get_args

import pytest

from sandbox.model import events, protocol
from sandbox.model.plan import Plan, Tmpfs
from sandbox.model.protocol import (
    Fetched,
    NoImage,
    ProtocolError,
    PullRequest,
    Reply,
    Request,
    Resolved,
    RunRequest,
    Script,
    Status,
    StatusRequest,
)
from support.fake_runner import known_image

RUN = RunRequest("sha256:0", Plan("alpine:latest", ("ls",), tmpfs=(Tmpfs("/x", 5),)), "container", "ab", 1.5)
REQUESTS: tuple[Request, ...] = (RUN, PullRequest("alpine", None, ("sha256:1",), 2.0), StatusRequest())
REPLIES: tuple[Reply, ...] = (
    Status(None),
    Status("broken", ("container", "vm"), "", 3.5),
    Resolved("sha256:0", "official"),
    Fetched(known_image("alpine:latest")),
    Fetched(dataclasses.replace(known_image("alpine:latest"), programs=("/bin/ls", "/bin/sh"))),
    NoImage("Error response from daemon: no\n", 1, "no-such-image"),
    Script("/run.sh", "missing", "/bin/bash"),
)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: one.type)
def test_a_request_survives_the_socket(request_: Request) -> None:
    line = protocol.encode(request_)
    assert line.endswith(b"\n")
    assert protocol.decode_request(line) == request_


@pytest.mark.parametrize("reply", REPLIES, ids=lambda one: one.type)
def test_a_reply_survives_the_socket(reply: Reply) -> None:
    assert protocol.decode_reply(protocol.encode(reply)) == reply


def test_the_examples_leave_no_message_out() -> None:
    assert {type(one) for one in REQUESTS} == set(get_args(Request))
    assert {type(one) for one in REPLIES} == set(get_args(Reply))


def test_an_event_is_a_reply_too() -> None:
    for event in (events.Pull(None, "Waiting"), events.Exited(0, "exit"), events.Failed("x", "y"), events.Heartbeat()):
        line = events.encode(event, 0.5)
        assert protocol.decode_reply(line) == event
        assert protocol.type_of(line) == event.type


@pytest.mark.parametrize(
    "change",
    [
        {"type": "reboot"},
        {"type": None},
        {"type": ["run"]},
        {"surprise": 1},
        {"host": 5},
        {"host": None},
        {"received": "soon"},
        {"received": True},
        {"plan": None},
        {"plan": {"image": "a", "args": "ls"}},
        {"plan": {"image": "a", "args": [1]}},
        {"plan": {"image": "a", "surprise": 1}},
        {"plan": {"image": "a", "limits": {"pids": True}}},
        {"plan": {"image": "a", "limits": {"pids": 1.5}}},
    ],
)
def test_a_request_that_is_none_is_refused(change: dict[str, Any]) -> None:
    value = json.loads(protocol.encode(RUN))
    with pytest.raises(ProtocolError):
        protocol.decode_request(json.dumps(value | change).encode())


@pytest.mark.parametrize("name", ["type", "image", "plan", "isolation", "host", "received"])
def test_a_request_without_one_of_its_fields_is_refused(name: str) -> None:
    value = json.loads(protocol.encode(RUN))
    del value[name]
    with pytest.raises(ProtocolError):
        protocol.decode_request(json.dumps(value).encode())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"[]",
        b"null",
        b'"run"',
        b"\xff\xfe",
        b"{" * 5,
        b"[" * 100_000,
        b'{"type":"status"} x',
        b'{"type":"status","x":NaN}',
        b'{"type":"run","received":Infinity}',
        protocol.encode(RUN).replace(b'"received":1.5', b'"received":-1e999'),
        protocol.encode(RUN).replace(b'"received":1.5', b'"received":1' + b"0" * 400),
        b'{"type":"status"}'.ljust(protocol.LONGEST_REPLY + 1),
    ],
    ids=lambda line: str(line[:20]),
)
def test_a_line_that_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        protocol.decode_request(line)
    with pytest.raises(ProtocolError):
        protocol.decode_reply(line)


def test_an_event_needs_its_time() -> None:
    for line in (b'{"type":"heartbeat"}', b'{"type":"heartbeat","at":"now"}', b'{"type":"heartbeat","at":null}'):
        with pytest.raises(ProtocolError):
            protocol.decode_reply(line)
