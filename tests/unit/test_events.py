"""The wire contract: `encode` writes exactly the golden lines that the element's own tests read."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from sandbox.model import events

GOLDEN = Path(__file__).parent / "cases/events.ndjson"
DIGEST = "sha256:" + "0f" * 32
NAMESPACES = {"pid": 4026532501, "user": 4026532500}
SHELL = events.Process(4121, 1, 1_000_000_000, 0, 1_000_000_000, 0, "sh -c sleep 2", NAMESPACES)
EVERY: list[tuple[events.Event, float]] = [
    (events.Accepted("ab" * 16, "cd" * 16, {"name": "run", "image": "alpine", "args": ["ls"]}, "container"), 0.0001234),
    (events.Queued(2, 1.5), 0.001),
    (events.Image("alpine:latest", "missing", "stand-in"), 0.002),
    (events.Pull("d4aaab6242e0", "Downloading", 1_048_576, 3_642_247), 0.01),
    (events.Pull(None, "Pulling from library/alpine"), 0.011),
    (events.Pulled(DIGEST, 3_642_247), 0.2),
    (events.Created("12" * 32, DIGEST, ("/bin/sh", "-c", "ls"), "request", 1, 8_450_048, 3.21), 0.21),
    (events.Started(4121, 1, {"pid": 4026532501, "net": 4026532504}, "/sandbox/run-ab", "6.1.0-25-amd64", 1.5), 0.212),
    (
        events.Inspection(
            processes=(SHELL,),
            more=0,
            cgroups=("memory:/sandbox/run-ab",),
            root="93 62 0:52 / / rw,nosuid - overlay overlay rw,lowerdir=/ab/l1:/ab/l0,upperdir=/ab/upper",
            capabilities=("CAP_CHOWN", "CAP_KILL"),
            seccomp="filter",
            no_new_privs=True,
            uid_map=(0, 1_000_000_000, 65_536),
        ),
        0.2125,
    ),
    (events.Output("stdout", "한글과 \U0001f433, <b>, \x1b[31m 그리고 \ufffd\r\n"), 0.213),
    (events.Output("stderr", 'ls: "없음"\n'), 0.2131),
    (events.Stats(1.5, 0.0, 1_048_576, 67_108_864, 1, 0, 4096, 0, 0), 0.3),
    (events.Notice("output-cut", "출력이 여기에서 잘렸어요."), 0.31),
    (events.Exited(0, "exit", wall_ms=9.125, cpu_ms=1.5, peak_memory_bytes=1_048_576), 0.4),
    (events.Exited(137, "signal", "SIGKILL", "Killed", "힌트예요."), 0.41),
    (events.Failed("runner-lost", "실행기와 연결이 끊겼어요."), 0.5),
    (events.Heartbeat(), 10.0),
]
LINES = GOLDEN.read_bytes().splitlines(keepends=True)


def test_every_event_type_has_a_golden_line() -> None:
    assert {type(event) for event, _ in EVERY} == set(get_args(events.Event))
    assert len(LINES) == len(EVERY)


@pytest.mark.parametrize(("given", "line"), list(zip(EVERY, LINES, strict=True)), ids=lambda value: "")
def test_an_event_is_encoded_as_its_golden_line(given: tuple[events.Event, float], line: bytes) -> None:
    event, at = given
    assert events.encode(event, at) == line
    assert events.type_of(line) == event.type


def test_a_lone_surrogate_cannot_break_the_stream() -> None:
    assert (
        events.encode(events.Output("stdout", "\udcff"), 0.0)
        == b'{"type":"output","at":0.0,"stream":"stdout","text":"?"}\n'
    )
