"""What `make serve` does where no containers may be made, as an ordinary user: the pages from the first moment, live
runs in a small Linux under QEMU from when it answers, and nothing left at the end."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from guest.asked import SECONDS, Served, page, status, until
from guest.stream import Stream
from sandbox.guest.booted import Files, booted
from sandbox.guest.system import archived
from support import guest
from support.backend import isolations_of
from support.client import NoStreamError, call, new_host, run
from support.files import runs

pytestmark = pytest.mark.guest
# of QEMU, which a page that plays recordings does not wait for
PAGES_SECONDS = 10.0


def gone(*pids: int) -> bool:
    return not any(map(runs, pids))


def test_the_pages_are_there_before_the_guest_is_and_say_that_no_backend_is(served: Served) -> None:
    assert served.first == (200, 503, 404)


def test_a_run_is_live(served: Served) -> None:
    result = run(served.url, "docker run alpine ls")
    assert result.code == 0
    assert {"bin", "etc", "proc"} <= set(result.stdout.split())
    assert page(served.url) == 200


def test_it_is_an_ordinary_user_who_runs_all_this_and_may_do_nothing(served: Served) -> None:
    pids = served.backend.processes()
    assert len(pids) >= 3, "the supervisor, the pages, QEMU"
    for pid in pids:
        facts = Path(f"/proc/{pid}/status").read_text()
        assert re.search(r"^NoNewPrivs:\t1$", facts, re.M)
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert re.search(rf"^{name}:\t0+$", facts, re.M), facts
        assert re.search(rf"^Uid:\t{os.geteuid() or guest.USER}\t", facts, re.M)


def test_limits_hold_there(served: Served) -> None:
    result = run(served.url, "docker run --memory 16m alpine sh -c 'tail /dev/zero'")
    assert (result.code, result.reason) == (137, "oom")
    result = run(served.url, "docker run --pids-limit 4 alpine sh -c 'for i in 1 2 3 4 5 6; do sleep 1 & done; wait'")
    assert "can't fork" in result.stderr


@pytest.mark.parametrize("path", ["/", "/v1/health"])
def test_a_foreign_name_is_refused_by_the_guest_as_well(served: Served, path: str) -> None:
    assert status(served.url, "GET", path, Host="evil.example") == 421
    assert status(served.url, "GET", path, Host=urlsplit(served.url).netloc) == 200


def test_health_says_that_runs_are_emulated_and_how_long_one_takes(served: Served) -> None:
    times = []
    for _ in range(5):
        begun = time.monotonic()
        assert run(served.url, "docker run alpine true").code == 0
        times.append(time.monotonic() - begun)
    until(lambda: "run_ms" in call(served.url, "GET", "/v1/health")[1])
    health = call(served.url, "GET", "/v1/health")[1]
    assert health["emulated"] is True
    assert min(times) / 10 < health["run_ms"] / 1000 < max(times) * 10


def test_gvisor_and_virtual_machines_are_not_offered(served: Served) -> None:
    assert isolations_of(served.backend) == ["container"]
    for isolation in ("gvisor", "vm"):
        with pytest.raises(NoStreamError) as refused:
            run(served.url, "docker run alpine true", isolation=isolation)
        assert refused.value.problem["code"] == "isolation-unavailable"


def test_a_reader_who_leaves_ends_the_run(served: Served) -> None:
    host = new_host(served.url)
    body = json.dumps({"command": "docker run --name box alpine sleep 300", "host": host})
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=SECONDS)
    connection.request("POST", "/v1/runs", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    while json.loads(answer.readline())["type"] != "started":
        pass

    def there() -> bool:
        return run(served.url, "docker run --pid container:box alpine true", host).code == 0

    assert there()
    # the socket belongs to the answer now
    answer.close()
    connection.close()
    until(lambda: not there())


def test_a_guest_that_dies_leaves_the_pages_and_the_next_one_shares_no_randomness_and_knows_the_time(
    served: Served,
) -> None:
    qemu, hosts, stream = guest.qemu_of(served.backend), [], Stream(served.url, "docker run alpine sleep 300")
    hosts.append(new_host(served.url))
    os.kill(qemu, signal.SIGKILL)
    stream.join(SECONDS)
    assert isinstance(stream.error, Exception), "a stream that was cut off has no last event"
    until(lambda: status(served.url, "GET", "/v1/health") == 503, PAGES_SECONDS)
    assert page(served.url) == 200
    guest.until_live(served.backend)
    assert guest.qemu_of(served.backend) != qemu
    hosts.append(new_host(served.url))
    assert len(set(hosts)) == 2
    seen = run(served.url, "docker run alpine sh -c 'cat /proc/sys/kernel/random/boot_id; date +%s'").stdout.split()
    assert seen[0] != Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert abs(int(seen[1]) - time.time()) < SECONDS / 10
    assert served.backend.process.poll() is None


def test_after_sigterm_a_reader_has_the_last_event_and_nothing_is_left(served: Served) -> None:
    stream, pids = Stream(served.url, "docker run alpine sleep 300"), served.backend.processes()
    served.backend.process.send_signal(signal.SIGTERM)
    assert served.backend.process.wait(SECONDS) == 0
    stream.join(SECONDS)
    assert stream.error is None, stream.error
    assert stream.result
    assert stream.result.events[-1]["type"] in ("exited", "failed")
    until(lambda: gone(*pids))
    assert not guest.left(served.backend.state)
    assert "Traceback" not in served.backend.log.read_text()


def test_a_killed_server_takes_its_guest_and_its_pages_along() -> None:
    with guest.running() as backend:
        until(lambda: page(backend.url) == 200)
        # while it is being booted already
        pids = backend.processes()
        assert guest.qemu_of(backend) in pids
        backend.process.kill()
        backend.process.wait()
        until(lambda: gone(*pids), PAGES_SECONDS)
        assert not guest.left(backend.state)


@pytest.mark.parametrize("network", [True, False])
async def test_only_for_a_registry_the_guest_reaches_the_outsides_loopback(network: bool, tmp_path: Path) -> None:
    asked = asyncio.Event()

    def taken(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        writer.close()

    server = await asyncio.start_server(taken, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    program = f"#!/bin/busybox sh\n/bin/busybox nc -w 5 10.0.2.2 {port} </dev/null 2>&1\necho it has asked\n"
    brought = archived({"instead": program.encode(), "settings.toml": b""})
    said: list[str] = []
    made = Files.within(guest.state_in(tmp_path) / "guest")
    async with (
        server,
        booted(made, brought, inside=8000, memory=768, network=network, kvm=False, report=said.append) as it,
    ):
        await it.ended(SECONDS)
    assert "it has asked" in said, it.last_line
    assert asked.is_set() is network, said
