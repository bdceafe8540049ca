"""Who waits for a turn is told the place in line, and who leaves it frees the turn."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.web.http.connections import Connection
from security.raw_requests import everything
from support import pace
from support.client import NoStreamError, call, new_host, run
from support.streams import idle, reach, reading
from support.web_server import Web, serving, until

# what the runner may need to learn that a reader has left
AT_ONCE = 1.0


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


LONG_LINE = "docker run --what " + "a''" * 20_000
# that cannot work, and of which very many changes can be tried
SLIP = "docker run -m 1 --cpus 99 --pids-limit 9999 --ulimit core=9 --memory-swap 5 " + "-i " * 60 + "-e x A ~ b c d"
GREEDY = {
    "long lines": ("POST /v1/runs", LONG_LINE),
    "slips": ("POST /v1/runs", SLIP),
    "documents": ("GET /v1/openapi.json", ""),
    "nothing": ("GET /nowhere", ""),
}


@pytest.mark.parametrize("asked", ["GET /v1/health", "POST /v1/runs"])
@pytest.mark.parametrize(("line", "command"), GREEDY.values(), ids=GREEDY)
def test_what_one_address_asks_for_leaves_others_their_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, command: str, asked: str
) -> None:
    answered = _noted(monkeypatch)
    all_sent = threading.Event()
    with serving(tmp_path) as web, ExitStack() as held:
        # what the runner says of itself is known
        assert call(web.url, "GET", "/v1/health")[0] == 200
        greedy = [held.enter_context(web.connect()) for _ in range(40)]
        other = socket.create_connection(("127.0.0.1", web.port), 30, source_address=("127.0.0.2", 0))
        reader = held.enter_context(other)
        until(lambda: len(web.server.server_state.connections) == 41)
        web.loop.call_soon_threadsafe(all_sent.wait, 30)
        for client in greedy:
            client.sendall(_request(web, line, command))
        # it has such a line as well, or none
        reader.sendall(_request(web, asked, (command or SLIP) if "POST" in asked else ""))
        all_sent.set()
        assert everything(reader).startswith(b"HTTP/1.1 200")
        # and each gets its answer
        assert all(everything(client).startswith(b"HTTP/1.1 ") for client in greedy)
    assert answered.index("127.0.0.2") < 20


def _noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of those who get an answer, in the order of their answers' ends."""
    addresses: list[str] = []
    complete = Connection.on_response_complete

    def noting(connection: Connection) -> None:
        addresses.append(connection.client[0] if connection.client else "")
        complete(connection)

    monkeypatch.setattr(Connection, "on_response_complete", noting)
    return addresses


def _request(web: Web, line: str, command: str) -> bytes:
    body = json.dumps({"command": command}).encode() if command else b""
    about = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nConnection: close\r\n{about}\r\n".encode() + body
