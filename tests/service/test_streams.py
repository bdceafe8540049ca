"""Streaming, stopping, leaving, waiting: on a real socket, because only there a reader can vanish."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.web.runs import stream
from support import pace
from support.client import NoStreamError, call, new_host, run
from support.web_server import Web, serving, until

Event = dict[str, Any]
# what the runner may need to learn that a reader has left
AT_ONCE = 1.0


@contextmanager
def reading(web: Web, line: str, host: str | None = None, address: str = "127.0.0.1") -> Iterator[Iterator[Event]]:
    """The events of a run as they come to `address`; leaving the block closes the connection."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20, source_address=(address, 0))
    body = {"command": line} | ({"host": host} if host else {})
    with closing(connection):
        connection.request("POST", "/v1/runs", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        with closing(answer):
            assert answer.status == 200, answer.read()
            yield (json.loads(one) for one in answer)


def reach(events: Iterator[Event], kind: str) -> Event:
    """Read up to the first event of that type."""
    return next(event for event in events if event["type"] == kind)


def idle(web: Web) -> bool:
    """Whether nothing runs or waits, in the web process and in the runner."""
    health = call(web.url, "GET", "/v1/health")[1]
    return bool(health["running"] == health["queued"] == web.fake.live == 0)


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


def test_a_full_house_queues_with_the_place_in_line_then_sends_away(tmp_path: Path) -> None:
    with serving(tmp_path, slots=1, queue=2, per_address=10) as web:
        host = new_host(web.url)
        run(web.url, "docker pull alpine", host)
        with (
            reading(web, "docker run alpine wait", host) as running,
            reading(web, "docker run alpine true", host) as second,
            reading(web, "docker run alpine true", host) as third,
        ):
            reach(running, "started")
            assert reach(second, "queued")["position"] == 1
            assert reach(third, "queued")["position"] == 2
            assert call(web.url, "GET", "/v1/health")[1]["queued"] == 2
            with pytest.raises(NoStreamError) as full:
                run(web.url, "docker run alpine true", host)
            assert (full.value.status, full.value.problem["code"]) == (503, "full")
            assert full.value.problem["position"] == 3
            web.release()
            for events in (running, second, third):
                assert list(events)[-1]["code"] == 0
        until(lambda: idle(web))


def test_the_place_in_line_is_told_again_when_it_changes(tmp_path: Path) -> None:
    with serving(tmp_path, slots=1, queue=5) as web:
        host = new_host(web.url)
        run(web.url, "docker pull alpine", host)
        with reading(web, "docker run alpine sleep", host) as first:
            reach(first, "started")
            with reading(web, "docker run alpine sleep", host) as second:
                name = reach(second, "accepted")["run"]
                with reading(web, "docker run alpine true", host) as third:
                    assert reach(third, "queued")["position"] == 2
                    assert call(web.url, "DELETE", f"/v1/runs/{name}")[0] == 204
                    assert reach(third, "queued")["position"] == 1
                    assert list(second)[-1]["reason"] == "cancelled"


def test_a_reader_elsewhere_does_not_wait_for_all_the_runs_of_one_address(tmp_path: Path) -> None:
    with serving(tmp_path, slots=1, queue=5) as web:
        line = "docker run alpine wait"
        with reading(web, line) as one, reading(web, line) as two, reading(web, line, address="127.0.0.2") as other:
            reach(one, "started")
            for events in (two, other):
                # pulls have a line of their own
                reach(events, "pulled")
                assert reach(events, "queued")["position"] == 1
            web.release()
            assert [list(events)[-1]["code"] for events in (one, two, other)] == [0, 0, 0]


def test_one_address_has_only_its_share(tmp_path: Path) -> None:
    with serving(tmp_path, per_address=1) as web, reading(web, "docker run alpine sleep") as events:
        reach(events, "started")
        with pytest.raises(NoStreamError) as refused:
            run(web.url, "docker images")
        assert (refused.value.status, refused.value.problem["code"]) == (429, "too-many")


def test_two_hundred_clicks_all_get_an_answer(tmp_path: Path) -> None:
    answers: list[str] = []

    def click() -> None:
        try:
            answers.append(run(web.url, "docker run alpine true").reason)
        except NoStreamError as error:
            answers.append(str(error.problem["code"]))

    with serving(tmp_path, slots=4, queue=30, per_address=1000) as web:
        threads = [threading.Thread(target=click) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 200
        assert set(answers) <= {"exit", "full"}
        assert answers.count("exit") >= 34
        until(lambda: idle(web))


def test_a_queued_reader_who_vanishes_leaves_the_line(tmp_path: Path) -> None:
    with serving(tmp_path, slots=1, queue=5) as web:
        host = new_host(web.url)
        run(web.url, "docker pull alpine", host)
        with reading(web, "docker run alpine sleep", host) as first:
            reach(first, "started")
            with reading(web, "docker run alpine true", host) as second:
                reach(second, "queued")
            assert until(lambda: call(web.url, "GET", "/v1/health")[1]["queued"] == 0) < pace.seconds(AT_ONCE)


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
    until(lambda: idle(web))
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
