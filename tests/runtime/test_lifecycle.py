"""Readers vanish, processes are killed, machines fill up: everything is as it was afterwards."""

from __future__ import annotations

import http.client
import os
import re
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import ends, pace
from support.backend import Backend, running
from support.client import Docker, call, new_host, run
from support.files import runs
from support.footprint import at_rest, settled
from support.streams import reach, reading

pytestmark = pytest.mark.container
GROUPS = Path("/sys/fs/cgroup")
# that 60 runs may keep of ours
MEMORY = 1 << 20


def memory(backend: Backend) -> int:
    """What the processes that every run goes through have of their own, in bytes."""
    files = [Path(f"/proc/{backend.pid_of(name)}/smaps_rollup") for name in ("web", "runner")]
    return sum(int(kib) << 10 for file in files for kib in re.findall(r"Private_\w+: +(\d+)", file.read_text()))


def test_many_runs_leave_nothing(backend: Backend, docker: Docker) -> None:
    docker("docker run alpine true")
    before = at_rest(backend)
    taken = []
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            results = list(pool.map(lambda _: run(backend.url, "docker run alpine echo hi", docker.host), range(60)))
            assert {(result.stdout, result.code) for result in results} == {("hi\n", 0)}
            taken.append(memory(backend))
    assert settled(backend, before) == before
    # what they take at first is kept for the next ones
    assert taken[2] - taken[1] < MEMORY, taken


def test_failing_runs_leave_nothing_either(backend: Backend, docker: Docker) -> None:
    docker("docker run alpine true")
    before = at_rest(backend)
    for line in (
        "docker run alpine nosuch",
        "docker run alpine /etc",
        "docker run -u nosuch alpine",
        "docker run nosuch",
    ):
        run(backend.url, line, docker.host)
    assert settled(backend, before) == before


def test_a_reader_who_leaves_ends_the_run(backend: Backend, docker: Docker) -> None:
    docker("docker run alpine true")
    before = at_rest(backend)
    with reading(backend, "docker run alpine sleep 300", docker.host) as events:
        pid = int(str(reach(events, "started")["pid"]))
        begun = time.monotonic()
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() - begun < pace.seconds(1.5)
        time.sleep(0.02)
    assert settled(backend, before) == before


def test_a_run_can_be_ended_by_its_id(backend: Backend, docker: Docker) -> None:
    docker("docker run alpine true")
    with reading(backend, "docker run alpine sleep 300", docker.host) as events:
        name = reach(events, "accepted")["run"]
        reach(events, "started")
        assert call(backend.url, "DELETE", f"/v1/runs/{name}")[0] == 204
        last = reach(events, "exited")
        assert (last["code"], last["reason"]) == (137, "cancelled")
        assert call(backend.url, "DELETE", f"/v1/runs/{name}")[0] == 404


def test_emptying_a_host_ends_its_runs(backend: Backend, docker: Docker) -> None:
    docker("docker run alpine true")
    with reading(backend, "docker run alpine sleep 300", docker.host) as events:
        reach(events, "started")
        assert call(backend.url, "DELETE", f"/v1/hosts/{docker.host}")[0] == 204
        assert reach(events, "exited")["reason"] == "cancelled"


def test_a_reader_who_never_reads_is_let_go(docker: Docker) -> None:
    with running({"stalled_seconds": 1.0, "limits": {"output": 64 << 20, "seconds": 30.0}}) as own:
        host = new_host(own.url)
        run(own.url, "docker run alpine true", host)
        before = at_rest(own)
        with reading(own, "docker run alpine yes", host) as events:
            pid = int(str(reach(events, "started")["pid"]))
            begun = time.monotonic()
            while Path(f"/proc/{pid}").exists():
                assert time.monotonic() - begun < pace.seconds(8)
                time.sleep(0.05)
            assert settled(own, before) == before


@pytest.fixture(scope="module")
def own() -> Iterator[Backend]:
    """One whose processes are killed, one after another."""
    with running({"slots": 20}) as started:
        yield started


def test_the_runner_is_killed_in_the_middle_of_twenty_runs(own: Backend) -> None:
    host = new_host(own.url)
    run(own.url, "docker run alpine true", host)
    before = at_rest(own)
    started = threading.Barrier(21)

    def one(_: int) -> str:
        with reading(own, "docker run alpine sleep 300", host) as events:
            reach(events, "started")
            started.wait(pace.seconds(20))
            last = deque(events, 1)[0]
        return f"{last['type']} {last['code']}"

    with ThreadPoolExecutor(20) as pool:
        ends = pool.map(one, range(20))
        started.wait(pace.seconds(20))
        os.kill(own.pid_of("runner"), signal.SIGKILL)
        killed = time.monotonic()
        assert set(ends) == {"failed runner-lost"}
    while True:
        try:
            result = run(own.url, "docker run alpine echo back", host)
        except AssertionError:
            continue
        if result.stdout == "back\n":
            break
        assert time.monotonic() - killed < pace.seconds(8)
    assert settled(own, before) == before


def test_a_supervisor_that_is_killed_takes_its_runs_along() -> None:
    with running() as own, ThreadPoolExecutor(4) as pool:
        host = new_host(own.url)
        run(own.url, "docker run alpine true", host)
        started = threading.Barrier(5)

        def one(_: int) -> None:
            with reading(own, "docker run alpine sleep 300", host) as events:
                reach(events, "started")
                started.wait(pace.seconds(20))
                deque(events, 0)

        ends = [pool.submit(one, number) for number in range(4)]
        started.wait(pace.seconds(20))
        family = own.processes()
        own.process.kill()
        for end in ends:
            # a stream is cut off, or has its last event
            assert isinstance(end.exception(), http.client.IncompleteRead | OSError | None)
        deadline = time.monotonic() + pace.seconds(5)
        while any(map(runs, family)) or list(GROUPS.glob(f"**/{own.cgroup}")):
            assert time.monotonic() < deadline, list(filter(runs, family))
            time.sleep(0.05)
        assert str(own.runtime) not in Path("/proc/self/mountinfo").read_text()


@pytest.mark.parametrize("name", ["web", "puller"])
def test_a_killed_process_comes_back(own: Backend, name: str) -> None:
    os.kill(own.pid_of(name), signal.SIGKILL)
    deadline = time.monotonic() + pace.seconds(8)
    while time.monotonic() < deadline:
        try:
            if run(own.url, "docker run alpine echo back").stdout == "back\n":
                return
        except (OSError, AssertionError):
            time.sleep(0.05)
    raise AssertionError(f"{name} did not come back: {own.log.read_text()[-1000:]}")


def test_ctrl_c_leaves_nothing_behind() -> None:
    before = ends.handed_down()
    with running() as own:
        ends.press_ctrl_c(own, before)


def test_an_operators_strict_umask_and_a_place_behind_everybody_else_change_nothing() -> None:
    behind = 'umask 077; exec setpriv --bounding-set=-sys_nice nice -n 19 "$@"'
    with running(within=("sh", "-c", behind, "sh")) as own:
        assert run(own.url, "docker run alpine echo hi").stdout == "hi\n"


def test_other_user_ids_than_last_time_are_no_trouble(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for first in (2_000_000_000, 1_500_000_000):
        with running({"first_uid": first}, state=tmp_path / "state") as own:
            result = run(own.url, "docker run alpine stat -c %u /bin/busybox")
            assert (result.stdout, result.code) == ("0\n", 0)
