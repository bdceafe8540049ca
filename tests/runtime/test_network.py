"""Containers of one visitor meet on a bridge of their own, no faster than it is set; nothing leads out of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from support import pace
from support.backend import Backend, running
from support.client import Docker, Event, Result, new_host, run
from support.footprint import at_rest, settled
from support.running_container import running_container

pytestmark = pytest.mark.container
ALPINE = "docker run --network bridge alpine"
COUNTER = "nc -l -p 80 -e wc -c"
BYTES = 2_000_000
SENDER = f"sh -c 'head -c {BYTES} /dev/zero | nc 172.17.0.2 80'"
# what a frame and its two headers weigh beside the data that it carries, and what goes out at once
OVERHEAD, BURST = 1514 / 1448, 32 * 1024


def visitor(backend: Backend) -> str:
    host = new_host(backend.url)
    assert run(backend.url, "docker run alpine true", host).code == 0
    return host


def test_it_has_the_first_address_that_docker_would_give(docker: Docker) -> None:
    result = docker(
        "docker run --network bridge --hostname web alpine sh -c 'hostname -i; tail -n 1 /etc/hosts; ip -4 r'"
    )
    assert result.stdout == "172.17.0.2\n172.17.0.2\tweb\n172.17.0.0/28 dev eth0 scope link  src 172.17.0.2 \n"
    assert result.event("created")["network_bps"] == 1_000_000


def test_without_the_flag_there_is_no_network(docker: Docker) -> None:
    for option in ("", "--network none", "--network default"):
        result = docker(f"docker run {option} alpine ls /sys/class/net")
        assert result.stdout == "lo\n"
        assert "network_bps" not in result.event("created")


def test_one_sends_to_the_other_no_faster_than_it_is_set(backend: Backend) -> None:
    host = visitor(backend)
    readings: list[Event] = []
    with running_container(backend.url, host, "--network bridge", COUNTER, each=readings.append):
        begun = time.monotonic()
        result = run(backend.url, f"{ALPINE} {SENDER}", host)
        seconds = time.monotonic() - begun
    assert result.stdout == f"{BYTES}\n"
    ideal = (BYTES * OVERHEAD - BURST) / 1_000_000
    assert ideal * 0.95 < seconds < ideal * 1.15 + pace.seconds(0.5)
    received = max(event["received_bytes"] for event in readings if event["type"] == "stats")
    assert BYTES * 0.8 < received < BYTES * 1.1
    sent = max(event["sent_bytes"] for event in result.events if event["type"] == "stats")
    assert BYTES * 0.8 < sent < BYTES * 1.1


@pytest.mark.parametrize("target", ["8.8.8.8", "169.254.169.254", "10.0.0.1"])
def test_no_way_leads_out(docker: Docker, target: str) -> None:
    result = docker(f"{ALPINE} sh -c 'ping -c 1 -W 1 {target} || nc -w 1 {target} 80'")
    assert result.code != 0
    assert result.stderr.count("Network is unreachable") == 2


def test_another_visitor_has_another_bridge(backend: Backend) -> None:
    one, other = visitor(backend), visitor(backend)
    with running_container(backend.url, one, "--network bridge", COUNTER):
        result = run(
            backend.url, f"{ALPINE} sh -c 'hostname -i; nc -w 1 172.17.0.2 80; ping -c 1 -W 1 172.17.0.3'", other
        )
    assert result.stdout.startswith("172.17.0.2\n")
    assert "Connection refused" in result.stderr
    assert "100% packet loss" in result.stdout


def test_a_container_without_it_does_not_reach_one_that_has_it(backend: Backend) -> None:
    host = visitor(backend)
    with running_container(backend.url, host, "--network bridge", COUNTER):
        result = run(backend.url, "docker run alpine nc -w 1 172.17.0.2 80", host)
    assert "Network is unreachable" in result.stderr


def test_a_guest_of_its_network_has_its_interface_until_that_one_ends(backend: Backend) -> None:
    host = visitor(backend)
    with running_container(backend.url, host, "--network bridge", "sleep 1"):
        line = "docker run --network container:box alpine sh -c 'hostname -i; sleep 2; ls /sys/class/net'"
        result = run(backend.url, line, host)
    assert result.stdout == "172.17.0.2\nlo\n"


@pytest.mark.parametrize("isolation", ["gvisor", "vm"])
def test_other_isolations_refuse_it_and_say_why(backend: Backend, isolation: str) -> None:
    result = run(backend.url, f"{ALPINE} true", visitor(backend), isolation=isolation)
    assert result.code == 125
    assert "the isolation container only" in result.stderr
    assert "네트워크" in result.event("exited")["hint"]


def test_whoever_ends_first_nothing_is_left(backend: Backend) -> None:
    host = visitor(backend)
    before = at_rest(backend)
    for first, second in (("sleep 1", "sleep 2"), ("sleep 2", "sleep 1")):
        with running_container(backend.url, host, "--network bridge", first):
            assert run(backend.url, f"{ALPINE} {second}", host).code == 0
    assert settled(backend, before) == before


def test_a_program_that_is_not_there_leaves_nothing(backend: Backend) -> None:
    host = visitor(backend)
    before = at_rest(backend)
    assert run(backend.url, f"{ALPINE} nosuch", host).code == 127
    assert run(backend.url, f"{ALPINE} sh -c 'exit 3'", host).code == 3
    assert settled(backend, before) == before


@pytest.fixture(scope="module")
def own() -> Iterator[Backend]:
    """One of few addresses, whose runner the last test of it kills."""
    with running({"slots": 14, "per_address": 20, "network_bits": 40_000_000}) as started:
        yield started


def test_an_address_is_free_again_and_the_last_one_is_followed_by_a_refusal(own: Backend) -> None:
    host = visitor(own)
    with ExitStack() as stack:
        for number in range(13):
            stack.enter_context(running_container(own.url, host, "--network bridge", name=f"box{number}"))
        full = run(own.url, f"{ALPINE} true", host)
        assert (full.code, full.reason) == (125, "not-started")
        assert "no available IPv4 addresses" in full.stderr
        assert "주소" in full.event("exited")["hint"]
    settled(own, at_rest(own))
    again = run(own.url, f"{ALPINE} hostname -i", host)
    assert (again.stdout, again.stderr, again.reason) == ("172.17.0.2\n", "", "exit")
    assert again.event("created")["network_bps"] == 5_000_000


def test_a_killed_runner_leaves_no_network(own: Backend) -> None:
    host = visitor(own)
    before = at_rest(own)
    with running_container(own.url, host, "--network bridge"):
        os.kill(own.pid_of("runner"), signal.SIGKILL)
    deadline = time.monotonic() + pace.seconds(8)
    while time.monotonic() < deadline:
        with suppress(AssertionError):
            if run(own.url, f"{ALPINE} hostname -i", host).stdout == "172.17.0.2\n":
                break
    else:
        pytest.fail("no container came up after the runner was killed")
    assert settled(own, before) == before


def test_without_traffic_control_the_flag_is_refused_and_all_else_works() -> None:
    hide = ("unshare", "--mount", "sh", "-c", 'mount --bind /dev/null /usr/sbin/tc && exec "$@"', "sh")
    with running(within=hide) as own:
        host = visitor(own)
        refused: Result = run(own.url, f"{ALPINE} true", host)
        assert refused.code == 125
        assert "--network bridge is not available on this host" in refused.stderr
        assert "만들 수 없어요" in refused.event("exited")["hint"]
