"""Two containers of one visitor share the namespaces that the second one asks for, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Flag

import pytest

from sandbox.model.plan import MIB
from sandbox.runner.kernel.id_ranges import SPARE
from support import pace
from support.backend import Backend
from support.client import Docker, Event, Result, call, new_host, run

pytestmark = pytest.mark.container
KINDS = ("pid", "net", "ipc", "user", "uts", "mnt", "cgroup")
CANCELLED = (137, "cancelled")


@contextmanager
def donor(base: str, host: str, options: str = "", command: str = "sleep 9") -> Iterator[Future[Result]]:
    """A container `web` that runs on a host when the block begins, and is stopped at its end if it still does."""
    started = Flag()
    heard: list[Event] = []

    def each(event: Event) -> None:
        heard.append(event)
        if event["type"] == "started":
            started.set()

    with ThreadPoolExecutor() as pool:
        future = pool.submit(run, base, f"docker run --name web {options} alpine {command}", host, each=each)
        assert started.wait(pace.seconds(20))
        try:
            yield future
        finally:
            call(base, "DELETE", f"/v1/runs/{heard[0]['run']}")


def shared(first: Result, second: Result) -> set[str]:
    one, other = (first.event("started")["namespaces"], second.event("started")["namespaces"])
    return {kind for kind in KINDS if one[kind] == other[kind]}


@pytest.mark.parametrize(
    ("own", "option", "kinds"),
    [
        ("", "--pid=container:web", {"pid", "user"}),
        ("", "--network=container:web", {"net", "user"}),
        ("", "--net container:web", {"net", "user"}),
        ("--ipc shareable", "--ipc=container:web", {"ipc", "user"}),
        ("", "", set()),
    ],
)
def test_what_is_asked_for_is_shared(docker: Docker, own: str, option: str, kinds: set[str]) -> None:
    host = new_host(docker.base)
    with donor(docker.base, host, own) as first:
        second = run(docker.base, f"docker run {option} alpine true", host)
        assert second.code == 0, second.stderr
    assert shared(first.result(), second) == kinds


def test_processes_of_the_other_are_seen_and_end_with_it(docker: Docker) -> None:
    host = new_host(docker.base)
    # as long as another one takes to start here
    nap = f"sleep {max(2, pace.seconds(0.3)):.0f}"
    with donor(docker.base, host, command=nap):
        second = run(docker.base, "docker run --pid=container:web alpine sh -c 'ps; sleep 60'", host)
    assert nap in second.stdout
    assert (second.code, second.reason) == (137, "signal")


def test_what_a_guest_leaves_behind_ends_with_it(docker: Docker) -> None:
    host = new_host(docker.base)
    with donor(docker.base, host, command="sh -c 'sleep 2; ps'") as first:
        second = run(docker.base, "docker run --pid=container:web alpine sh -c 'sleep 13 & :'", host)
        assert second.code == 0
        assert "sleep 13" not in first.result().stdout


def test_the_other_ones_name_goes_with_its_network(docker: Docker) -> None:
    host = new_host(docker.base)
    with donor(docker.base, host, "--hostname shop"):
        assert run(docker.base, "docker run --network container:web alpine hostname", host).stdout == "shop\n"


@pytest.mark.parametrize("option", ["--pid", "--network", "--ipc"])
def test_another_visitors_container_is_not_there(docker: Docker, option: str) -> None:
    host = new_host(docker.base)
    with donor(docker.base, host, "--ipc shareable") as first:
        name = call(docker.base, "GET", f"/v1/hosts/{host}")[1]["containers"][0]["container"]
        for text in ("web", name, name[:12]):
            refused = run(docker.base, f"docker run {option}=container:{text} alpine true", new_host(docker.base))
            assert (refused.code, f"No such container: {text}\n" in refused.stderr) == (125, True)
    assert (first.result().code, first.result().reason) == CANCELLED


def test_a_private_ipc_is_not_shared(docker: Docker) -> None:
    host = new_host(docker.base)
    with donor(docker.base, host):
        refused = run(docker.base, "docker run --ipc container:web alpine true", host)
    assert refused.code == 125
    assert "non-shareable IPC" in refused.stderr


def test_those_that_join_one_have_a_limit_together(backend: Backend) -> None:
    host = new_host(backend.url)
    assert run(backend.url, "docker pull alpine", host).code == 0
    found: list[int] = []

    def note(event: Event) -> None:
        if event["type"] == "started":
            above = str(Path(str(event["cgroup"])).parent).lstrip("/")
            v1, v2 = Path("/sys/fs/cgroup/memory", above), Path("/sys/fs/cgroup", above)
            file = v1 / "memory.limit_in_bytes" if v1.exists() else v2 / "memory.max"
            found.append(int(file.read_text()))

    with donor(backend.url, host):
        line = "docker run --memory 32m --network container:web alpine sleep 1"
        assert run(backend.url, line, host, each=note).code == 0
    assert found == [32 * MIB + SPARE]
