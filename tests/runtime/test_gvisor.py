"""The isolation `gvisor`: the same line under a kernel of its own, with the same results, limits and clean-up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.backend import Backend, running
from support.client import Docker, call
from support.files import text_of
from support.footprint import at_rest, settled

pytestmark = pytest.mark.container
FIRST_UID = 1_000_000


@pytest.fixture(scope="module")
def guarded() -> Iterator[Backend]:
    with running({"limits": {"seconds": 3.0}}) as started:
        assert "gvisor" in call(started.url, "GET", "/v1/health")[1]["isolations"]
        yield started


@pytest.fixture
def gvisor(guarded: Backend) -> Docker:
    return Docker(guarded.url, guarded.state, isolation="gvisor")


def test_the_program_sees_a_kernel_that_is_not_the_machines(gvisor: Docker) -> None:
    result = gvisor("docker run alpine uname -r")
    assert result.stdout.strip() == result.event("started")["kernel"] != os.uname().release
    assert result.event("accepted")["isolation"] == "gvisor"


def test_the_machine_sees_a_sandbox_that_is_nobody_and_may_do_little(gvisor: Docker) -> None:
    seen: dict[str, str] = {}

    def look(event: dict[str, object]) -> None:
        if event["type"] == "started":
            proc = Path(f"/proc/{event['pid']}")
            seen["status"] = (proc / "status").read_text()
            seen["net"] = (proc / "net/dev").read_text()
            seen["user"] = str((proc / "ns/user").stat().st_ino)
            seen["gofer"] = gofer_of(proc)

    gvisor("docker run alpine sleep 1", each=look)
    lines = dict(line.split(":\t", 1) for line in seen["status"].splitlines() if ":\t" in line)
    assert int(lines["Uid"].split()[0]) != 0
    assert lines["Seccomp"] == "2"
    assert seen["user"] != str(Path("/proc/self/ns/user").stat().st_ino)
    assert int(seen["gofer"]) > FIRST_UID


def gofer_of(sandbox: Path) -> str:
    """The user id of the process that hands the sandbox its files: it is in the same control group."""
    group = (sandbox / "cgroup").read_text()
    for proc in Path("/proc").glob("[0-9]*"):
        gofer = text_of(proc / "cmdline").startswith("runsc-gofer\0")
        if gofer and text_of(proc / "cgroup") == group:
            return text_of(proc / "status").split("Uid:\t")[1].split()[0]
    return "0"


@pytest.mark.parametrize(
    "line",
    [
        "alpine sh -c 'seq 20000; seq 5 >&2; exit 3'",
        "alpine nosuch",
        "hello-world ls",
        "alpine /etc/passwd",
        "hello-world",
        "-e A=b -w /tmp -h box alpine sh -c 'echo $A; pwd; hostname'",
        "--user 1000:1000 alpine id -u",
        "--read-only alpine touch /x",
        "--ulimit nofile=64:64 alpine sh -c 'ulimit -n'",
    ],
)
def test_a_line_ends_as_in_a_container(guarded: Backend, line: str) -> None:
    ends = [
        Docker(guarded.url, guarded.state, isolation=isolation)(f"docker run {line}")
        for isolation in ("gvisor", "container")
    ]
    one, other = [(end.code, end.stdout, end.event("exited").get("message")) for end in ends]
    assert one == other


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("while :; do :; done", "timeout"),
        ("yes", "output-limit"),
        ("x=a; while :; do x=$x$x; done", "oom"),
        ("dd if=/dev/zero of=/fill bs=1M; dd if=/dev/zero of=/dev/shm/fill bs=1M; sleep 60", "timeout"),
    ],
)
def test_a_hostile_program_ends_inside_its_limits_and_leaves_nothing(
    guarded: Backend, gvisor: Docker, script: str, reason: str
) -> None:
    gvisor("docker run alpine true")
    before = at_rest(guarded)
    result = gvisor(f"docker run alpine sh -c '{script}'")
    assert (result.code, result.reason) == (137, reason)
    assert settled(guarded, before) == before


def test_gvisor_itself_ends_where_it_may_make_no_more_threads(guarded: Backend, gvisor: Docker) -> None:
    gvisor("docker run alpine true")
    before = at_rest(guarded)
    result = gvisor("docker run alpine sh -c 'f() { f | f & }; f; f; sleep 60'")
    assert (result.code, result.reason) == (2, "exit")
    assert settled(guarded, before) == before


def test_a_folder_is_no_program(gvisor: Docker) -> None:
    result = gvisor("docker run alpine /bin")
    assert (result.code, result.reason) == (126, "not-started")


def test_a_reader_who_stops_it_is_answered_and_nothing_is_left(guarded: Backend, gvisor: Docker) -> None:
    gvisor("docker run alpine true")
    before = at_rest(guarded)

    begun: list[object] = []

    def stop(event: dict[str, object]) -> None:
        if event["type"] == "accepted":
            begun.append(event["run"])
        if event["type"] == "started":
            assert call(guarded.url, "DELETE", f"/v1/runs/{begun[-1]}")[0] == 204

    result = gvisor("docker run alpine sleep 60", each=stop)
    assert (result.code, result.reason) == (137, "cancelled")
    assert settled(guarded, before) == before


def test_without_runsc_the_isolation_is_not_there_and_all_else_works() -> None:
    with running({"runsc": "no-such-runsc"}) as own:
        assert "gvisor" not in call(own.url, "GET", "/v1/health")[1]["isolations"]
        status, problem = call(
            own.url, "POST", "/v1/runs", {"command": "docker run alpine true", "isolation": "gvisor"}
        )
        assert (status, problem["code"]) == (400, "isolation-unavailable")
        assert Docker(own.url, own.state)("docker run alpine echo hi").stdout == "hi\n"
