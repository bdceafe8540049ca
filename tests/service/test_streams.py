"""Streaming, stopping, leaving, waiting: on a real socket, because only there a reader can vanish."""

from __future__ import annotations

import http.client
import json
import socket
import time
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.web.runs import stream
from support import pace
from support.client import call, new_host, run
from support.streams import idle, reach, reading
from support.web_server import Web, serving, until

# what the runner may need to learn that a reader has left
AT_ONCE = 1.0


def test_output_comes_when_it_is_there(tmp_path: Path) -> None:
    with serving(tmp_path) as web, reading(web, "docker run alpine steps") as events:
        assert reach(events, "output")["stream"] == "stderr"
        assert reach(events, "started")
        assert reach(events, "output")["text"] == "first\n"
        # the program has not said more yet, and will not before it is released
        web.release()
        assert [event.get("text", event["type"]) for event in events] == ["second\n", "exited"]


@pytest.mark.parametrize("line", ["docker run alpine sleep", "docker run slow", "docker pull slow"])
def test_a_reader_who_vanishes_ends_the_operation(web: Web, line: str) -> None:
    with reading(web, line) as events:
        reach(events, "image" if "slow" in line else "started")
        operation = web.fake.operations[-1]
        left = time.monotonic()
    until(lambda: operation.cancelled is not None)
    assert operation.cancelled is not None
    assert operation.cancelled - left < pace.seconds(AT_ONCE)
    until(lambda: idle(web))


def test_a_reader_who_vanishes_under_a_flood_ends_the_operation(web: Web) -> None:
    with reading(web, "docker run alpine flood") as events:
        reach(events, "started")
        operation = web.fake.operations[-1]
    # with so much to write, the runner learns it from its own writing
    assert until(lambda: operation.ended is not None) < pace.seconds(AT_ONCE)
    until(lambda: idle(web))


def test_delete_ends_a_run_and_its_last_event_says_so(web: Web) -> None:
    with reading(web, "docker run alpine sleep") as events:
        name = reach(events, "accepted")["run"]
        reach(events, "started")
        begun = time.monotonic()
        assert call(web.url, "DELETE", f"/v1/runs/{name}") == (204, None)
        last = list(events)[-1]
        assert time.monotonic() - begun < pace.seconds(AT_ONCE)
    assert (last["type"], last["code"], last["reason"], last["wall_ms"]) == ("exited", 137, "cancelled", 5.0)
    until(lambda: idle(web))
    assert call(web.url, "DELETE", f"/v1/runs/{name}")[0] == 404


@pytest.mark.parametrize("line", ["docker run alpine stubborn", "docker run slow"])
def test_what_does_not_end_by_itself_is_ended_without_the_runner(web: Web, line: str) -> None:
    with reading(web, line) as events:
        name = reach(events, "accepted")["run"]
        reach(events, "image" if "slow" in line else "started")
        begun = time.monotonic()
        assert call(web.url, "DELETE", f"/v1/runs/{name}")[0] == 204
        last = list(events)[-1]
        assert time.monotonic() - begun < pace.seconds(AT_ONCE)
    assert (last["type"], last["code"], last["reason"]) == ("exited", 137, "cancelled")


def test_deleting_a_host_ends_its_runs(web: Web) -> None:
    host = new_host(web.url)
    with reading(web, "docker run --name tea alpine sleep", host) as events:
        run_id = reach(events, "accepted")["run"]
        reach(events, "started")
        containers = call(web.url, "GET", f"/v1/hosts/{host}")[1]["containers"]
        assert containers == [
            {"container": "c" * 64, "image": "alpine:latest", "run": run_id, "name": "tea", "state": "running"}
        ]
        assert call(web.url, "DELETE", f"/v1/hosts/{host}")[0] == 204
        assert list(events)[-1]["reason"] == "cancelled"
    assert call(web.url, "GET", f"/v1/hosts/{host}")[1] == {"host": host, "images": [], "containers": []}


def test_silence_is_filled_with_heartbeats(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.2)
    with reading(web, "docker run alpine sleep") as events:
        reach(events, "started")
        first, second = reach(events, "heartbeat"), reach(events, "heartbeat")
    assert 0.15 < second["at"] - first["at"] < 0.2 + pace.seconds(0.8)


def test_stopping_the_server_ends_every_stream_with_a_last_event(tmp_path: Path) -> None:
    with serving(tmp_path) as web, reading(web, "docker run alpine sleep") as events:
        reach(events, "started")
        begun = time.monotonic()
        web.server.should_exit = True
        last = list(events)[-1]
        assert (last["type"], last["code"]) == ("failed", "stopping")
        assert time.monotonic() - begun < pace.seconds(2)


def test_a_hundred_streams_leave_no_descriptor_behind(web: Web) -> None:
    run(web.url, "docker run alpine true")
    # what the tests before this one have left is let go of by its own time limits
    until(lambda: idle(web), 10)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(100):
        if number % 2:
            run(web.url, "docker run alpine true")
        else:
            with reading(web, "docker run alpine sleep") as events:
                reach(events, "started")
    until(lambda: idle(web))
    until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before + 2)


def test_connections_are_kept_alive_between_runs(web: Web) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    with closing(connection):
        for _ in range(3):
            body = json.dumps({"command": "docker run alpine true"})
            connection.request("POST", "/v1/runs", body, {"Content-Type": "application/json"})
            assert b'"exited"' in connection.getresponse().read()
            assert isinstance(connection.sock, socket.socket)


def test_nothing_waits_to_fill_a_packet(web: Web) -> None:
    host = new_host(web.url)
    run(web.url, "docker pull alpine", host)
    body = json.dumps({"command": "docker run alpine true", "host": host})
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)

    def shortest(*request: object) -> float:
        times = []
        for _ in range(20):
            begun = time.monotonic()
            connection.request(*request)  # type: ignore[arg-type]
            connection.getresponse().read()
            times.append(time.monotonic() - begun)
        return min(times)

    with closing(connection):
        plain = shortest("GET", "/v1/health")
        # a delayed acknowledgement, which Nagle's algorithm waits for, takes 40 ms each time
        assert shortest("POST", "/v1/runs", body, {"Content-Type": "application/json"}) < 0.03 + 3 * plain
