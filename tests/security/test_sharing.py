"""Sharing namespaces opens no way to anybody else's container, and none to the machine."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest

from sandbox.model import protocol
from sandbox.model.plan import Join, Plan
from sandbox.model.protocol import RunRequest
from support.backend import Backend
from support.client import Docker, Result, call, new_host, run
from support.footprint import at_rest, settled
from support.running_container import running_container

pytestmark = pytest.mark.container


def asked_of_the_runner(backend: Backend, host: str, join: Join) -> list[dict[str, Any]]:
    """What the runner itself answers, root to root, without the web process between."""
    (image, *_) = (
        file.stem.replace("-", ":", 1)
        for file in (backend.state / "images").glob("*.json")
        if "alpine" in file.read_text()
    )
    wanted = Plan("alpine:latest", args=("true",), joins=(join,))
    request = RunRequest(image, wanted, "container", host, time.monotonic())
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(backend.runtime / "web/runner.sock"))
        client.sendall(protocol.encode(request))
        with client.makefile("rb") as lines:
            return [json.loads(line) for line in lines]


def test_the_runner_looks_itself_whose_container_it_is(backend: Backend) -> None:
    owner, other = new_host(backend.url), new_host(backend.url)
    run(backend.url, "docker run alpine true", owner)
    with running_container(backend.url, owner) as container:
        for host, name in ((other, container), ("", container), (owner, "0" * 64)):
            last = asked_of_the_runner(backend, host, Join("pid", name))[-1]
            assert (last["type"], last["code"]) == ("exited", 125), last
            assert "No such container" in last["message"]
        assert asked_of_the_runner(backend, owner, Join("pid", container))[-1]["code"] == 0


@pytest.mark.parametrize("how", ["name", "id", "prefix"])
def test_another_visitors_container_is_not_there(backend: Backend, how: str) -> None:
    owner, other = new_host(backend.url), new_host(backend.url)
    with running_container(backend.url, owner) as container:
        name = {"name": "box", "id": container, "prefix": container[:12]}[how]
        result = run(backend.url, f"docker run --pid=container:{name} alpine ps", other)
    assert result.code == 125
    assert "No such container" in result.stderr


def joined(backend: Backend, script: str, options: str = "--pid=container:box", own: str = "") -> Result:
    host = new_host(backend.url)
    run(backend.url, "docker run alpine true", host)
    with running_container(backend.url, host, own):
        return run(backend.url, f"docker run {options} alpine sh -c '{script}'", host)


def test_a_guest_is_confined_as_any_container_is(backend: Backend, docker: Docker) -> None:
    script = "grep -E ^Cap.*:\\|^Seccomp:\\|^NoNewPrivs: /proc/self/status; unshare -U true || echo closed"
    guest = joined(backend, script)
    assert guest.stdout == docker(f"docker run alpine sh -c '{script}'").stdout
    assert "closed" in guest.stdout


@pytest.mark.parametrize(
    ("own", "option"),
    [("", "--pid=container:box"), ("", "--network=container:box"), ("--ipc shareable", "--ipc=container:box")],
)
def test_whoever_ends_first_nothing_is_left(backend: Backend, own: str, option: str) -> None:
    host = new_host(backend.url)
    run(backend.url, "docker run alpine true", host)
    before = at_rest(backend)
    for first, second in (("sleep 1", "sleep 2"), ("sleep 2", "sleep 1")):
        with running_container(backend.url, host, own, first):
            result = run(backend.url, f"docker run {option} alpine {second}", host)
        ends_with_it = "pid" in option and first == "sleep 1"
        assert result.code == (137 if ends_with_it else 0), result.events[-1]
    assert settled(backend, before) == before


def test_a_guest_that_is_stopped_leaves_nothing_and_its_host_goes_on(backend: Backend) -> None:
    host = new_host(backend.url)
    run(backend.url, "docker run alpine true", host)
    before = at_rest(backend)
    with running_container(backend.url, host):
        begun: list[str] = []

        def stop(event: dict[str, Any]) -> None:
            if event["type"] == "accepted":
                begun.append(event["run"])
            if event["type"] == "started":
                call(backend.url, "DELETE", f"/v1/runs/{begun[0]}")

        line = "docker run --pid=container:box alpine sh -c 'sleep 60 & sleep 60'"
        assert run(backend.url, line, host, each=stop).reason == "cancelled"
        seen = run(backend.url, "docker run --pid=container:box alpine ps", host)
        assert "sleep 20" in seen.stdout
        assert "sleep 60" not in seen.stdout
    assert settled(backend, before) == before


@pytest.mark.parametrize("isolation", ["gvisor", "vm"])
def test_only_containers_share(backend: Backend, isolation: str) -> None:
    if isolation not in call(backend.url, "GET", "/v1/health")[1]["isolations"]:
        pytest.fail(f"no isolation {isolation} here")
    host = new_host(backend.url)
    with running_container(backend.url, host):
        result = run(backend.url, "docker run --pid=container:box alpine ps", host, isolation=isolation)
    assert result.code == 125
    assert "제 커널이" in result.event("exited")["hint"]


def test_what_the_machine_shows_is_the_runs_own_only(backend: Backend) -> None:
    host, other = new_host(backend.url), new_host(backend.url)
    with running_container(backend.url, other, command="sleep 19"):
        result = run(backend.url, "docker run alpine sh -c 'sleep 0.5; :'", host)
    seen = [event for event in result.events if event["type"] == "inspection"]
    assert seen
    assert {one["command"] for event in seen for one in event["processes"]} <= {"sh -c sleep 0.5; :", "sleep 0.5"}
    assert str(backend.state) not in json.dumps(seen)


@pytest.mark.parametrize(
    ("option", "told"),
    [("--pid", "failed to join PID namespace"), ("--network", "joining network"), ("--ipc", "failed to join IPC")],
)
def test_one_that_has_ended_is_not_joined(backend: Backend, option: str, told: str) -> None:
    host = new_host(backend.url)
    ended = run(backend.url, "docker run --name box --ipc shareable alpine true", host).event("created")["container"]
    for name in ("box", ended, ended[:12]):
        result = run(backend.url, f"docker run {option}=container:{name} alpine true", host)
        assert result.code == 125
        assert told in result.stderr
        assert f"No such container: {name}" in result.stderr


def test_containers_of_two_places_are_not_joined_at_once(backend: Backend) -> None:
    host = new_host(backend.url)
    with running_container(backend.url, host), running_container(backend.url, host, name="two"):
        result = run(backend.url, "docker run --pid=container:box --network=container:two alpine true", host)
    assert result.code == 125
    assert "different user namespaces" in result.stderr


@pytest.mark.parametrize("own", ["--cap-drop ALL", "--user 1000"])
def test_a_guest_that_may_less_does_not_look_into_the_other(backend: Backend, own: str) -> None:
    script = "cat /proc/1/environ; cat /proc/1/mem; ls /proc/1/root; ls /proc/1/cwd; readlink /proc/1/fd/1; :"
    result = joined(backend, script, f"{own} --pid=container:box", "-e SECRET=xyzzy")
    assert result.stdout == ""
    assert result.stderr.count("ermission denied") == 4, result.stderr


def test_signals_of_a_guest_are_those_of_any_process(backend: Backend) -> None:
    seen = joined(backend, "kill -9 1; sleep 0.3; ps")
    assert "sleep 20" in seen.stdout, "a first process takes no SIGKILL from its own namespace"
    assert "not permitted" in joined(backend, "kill -9 1", "--user 1000 --pid=container:box").stderr


def test_a_guest_on_its_way_does_not_show_the_runtime(backend: Backend) -> None:
    host = new_host(backend.url)
    run(backend.url, "docker run alpine true", host)
    script = "while :; do for p in /proc/[0-9]*; do readlink $p/exe; (: 3>>$p/exe) && echo written; done; done"
    seen: list[dict[str, Any]] = []
    spy = f"sh -c '({script}) 2>/dev/null | while read seen; do [ $seen = /bin/busybox ] || echo $seen; done'"
    with running_container(backend.url, host, command=spy, each=seen.append):
        for _ in range(20):
            assert run(backend.url, "docker run --pid=container:box alpine true", host).code == 0
    assert "".join(event["text"] for event in seen if event["type"] == "output") == ""


def test_a_guest_that_is_killed_on_its_way_leaves_nothing(backend: Backend) -> None:
    host = new_host(backend.url)
    run(backend.url, "docker run alpine true", host)
    before = at_rest(backend)
    with running_container(backend.url, host, command="sh -c 'while :; do kill -9 -1; done'"):
        ends = [run(backend.url, "docker run --pid=container:box alpine sleep 0.3", host) for _ in range(25)]
    assert [end.events[-1] for end in ends if end.code not in (0, 125, 137)] == []
    assert settled(backend, before) == before


def test_a_guest_knows_its_own_number(backend: Backend) -> None:
    result = joined(backend, "echo $$")
    assert result.event("started")["pid_inside"] == int(result.stdout) > 1


def test_a_guest_whose_time_is_up_leaves_nothing(narrow_backend: Backend) -> None:
    host = new_host(narrow_backend.url)
    run(narrow_backend.url, "docker run alpine true", host)
    before = at_rest(narrow_backend)
    for option in ("--pid", "--network"):
        with running_container(narrow_backend.url, host):
            result = run(
                narrow_backend.url, f"docker run {option}=container:box alpine sh -c 'sleep 60 & sleep 60'", host
            )
        assert (result.code, result.reason) in ((137, "timeout"), (137, "signal"))
    assert settled(narrow_backend, before) == before
