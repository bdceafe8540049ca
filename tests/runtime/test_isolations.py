"""The isolation `vm`: the same line in a virtual machine, with the results, limits and clean-up of a container."""

from __future__ import annotations

import functools
import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.machines import HOSTILE, SIGNALLED, TELLS, TERMINAL, Machine, Two, parts
from sandbox.runner.kernel import cgroup
from support import pace
from support.backend import Backend, running
from support.client import Docker, Result, run
from support.footprint import at_rest, footprint

pytestmark = [
    pytest.mark.container,
    pytest.mark.x86_64,
]
FIRST_OUTPUT_SECONDS, TRIES = 4.0, 3


@pytest.fixture(scope="module")
def vms() -> Iterator[Backend]:
    with running({"vm_seconds": 16.0 * pace.now(), "vm_slots": 2, "vm_accelerator": "auto"}, vm=True) as started:
        yield started


@pytest.fixture(scope="module")
def vm(vms: Backend) -> Docker:
    """A visitor whose lines run in virtual machines; each has the images."""
    return visitor(vms, "vm")


@pytest.fixture(scope="module")
def container(vms: Backend) -> Docker:
    """A visitor without them."""
    return visitor(vms, "container")


def visitor(backend: Backend, isolation: str) -> Docker:
    docker = Docker(backend.url, backend.state, isolation=isolation)
    assert run(backend.url, "docker pull hello-world", docker.host).code == 0
    return docker


@pytest.fixture(scope="module")
def told(vm: Docker, vms: Backend) -> Machine:
    seen: dict[str, str] = {}

    def look(event: dict[str, object]) -> None:
        if event["type"] == "started":
            proc = Path(f"/proc/{event['pid']}")
            seen["name"] = (proc / "comm").read_text().strip()
            seen["status"] = (proc / "status").read_text()
            seen["root"] = " ".join(path.name for path in (proc / "root").iterdir())
            seen["net"] = (proc / "net/dev").read_text()

    before = cgroup.here().sample(vms.cgroup).memory_bytes
    result = vm(TELLS, each=look)
    time.sleep(1)
    return Machine(result, seen, cgroup.here().sample(vms.cgroup).memory_bytes - before)


@pytest.fixture(scope="module")
def pair(vm: Docker) -> list[Result]:
    """Two lines of one visitor at once: the program that gets signals, and the one with a terminal."""
    with ThreadPoolExecutor(2) as both:
        return list(both.map(vm, [SIGNALLED, TERMINAL]))


@pytest.fixture(scope="module")
def hostile(vms: Backend) -> Callable[[str], Two]:
    """Two of the table, by the name that they have there; each is run once."""

    @functools.cache
    def both(name: str) -> Two:
        visitors = [Docker(vms.url, vms.state, isolation="vm") for _ in HOSTILE[name]]
        at_rest(vms)
        before = own(vms)
        lines = [f"docker run {options} alpine sh -c '{script}'" for options, script, _ in HOSTILE[name]]
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda vm, line: vm(line), visitors, lines))
        time.sleep(1.0)
        return Two(results, before, own(vms))

    return both


def own(backend: Backend) -> dict[str, int]:
    """The footprint of this backend alone: network namespaces are counted for the whole machine."""
    return {name: count for name, count in footprint(backend).items() if name != "network namespaces"}


def boot_of(result: Result) -> str:
    return "".join(event["text"] for event in result.events if event["type"] == "notice" and event["code"] == "boot")


def test_a_machine_has_a_kernel_of_its_own_and_says_so_while_it_boots(told: Machine) -> None:
    result, started = told.result, told.result.event("started")
    assert parts(result)["kernel"].strip() == started["kernel"] != os.uname().release
    assert result.event("accepted")["isolation"] == "vm"
    assert f"Linux version {started['kernel']}" in boot_of(result)
    assert "Linux version" not in result.stdout + result.stderr


def test_the_first_output_comes_within_four_seconds(vm: Docker, told: Machine) -> None:
    times = [told.result.event("output")["at"]]
    # beside other suites a boot waits for a processor now and then
    while times[-1] >= FIRST_OUTPUT_SECONDS * pace.now():
        assert len(times) < TRIES, times
        times.append(vm("docker run alpine uname -r").event("output")["at"])


def test_the_machine_outside_sees_qemu_as_nobody_in_a_container(told: Machine) -> None:
    seen = told.outside
    assert seen["name"].startswith("qemu-system")
    lines = dict(line.split(":\t", 1) for line in seen["status"].splitlines() if ":\t" in line)
    assert lines["CapEff"] == lines["CapPrm"] == lines["CapBnd"] == "0" * 16
    assert (lines["Seccomp"], lines["NoNewPrivs"]) == ("2", "1")
    assert int(lines["Uid"].split()[0]) > 1_000_000
    assert len(seen["net"].splitlines()) == 3, "nothing but lo"
    assert "root" not in seen["root"].split()


def test_both_streams_arrive_whole_and_apart(told: Machine) -> None:
    assert parts(told.result)["numbers"] == "".join(f"{n}\n" for n in range(1, 20_001))
    assert told.result.stderr == "".join(f"{n}\n" for n in range(20_001, 40_001))
    assert (told.result.code, told.result.reason) == (3, "exit")


@pytest.mark.parametrize(
    ("line", "code", "reason"),
    [
        ("alpine nosuch", 127, "not-started"),
        ("hello-world ls", 127, "not-started"),
        ("alpine /etc/passwd", 126, "not-started"),
        ("alpine /bin", 126, "not-started"),
        ("--user nosuch alpine true", 126, "not-started"),
    ],
)
def test_a_machine_ends_as_a_container_does(vm: Docker, container: Docker, line: str, code: int, reason: str) -> None:
    ends = [docker(f"docker run {line}") for docker in (vm, container)]
    assert [(end.code, end.reason) for end in ends] == [(ends[1].code, reason)] * 2
    assert ends[0].event("exited").get("message") == ends[1].event("exited").get("message")
    assert ends[0].code == code or "--user" in line


def test_signals_do_in_a_machine_what_they_do_in_a_container(pair: list[Result], container: Docker) -> None:
    ends = [pair[0], container(SIGNALLED)]
    assert [(end.code, end.reason, end.stdout) for end in ends] == [(9, "exit", "143\n")] * 2


def test_the_program_is_in_a_container_inside_the_machine(told: Machine) -> None:
    started = told.result.event("started")
    pid, *links, group = parts(told.result)["place"].splitlines()
    seen = {name: int(number) for name, number in re.findall(r"/ns/(\w+)' -> '\w+:\[(\d+)", "\n".join(links))}
    guest = started["guest"]
    assert (pid, started["pid_inside"], group) == ("1", 1, "0::/")
    assert guest["pid"] > 1
    assert guest["cgroup"] == f"/docker/{told.result.event('created')['container']}"
    assert guest["namespaces"].items() <= seen.items()
    same = {name for name, number in guest["own_namespaces"].items() if guest["namespaces"][name] == number}
    assert same == {"user"}


def test_the_container_in_a_machine_has_what_one_without_a_machine_has(told: Machine, container: Docker) -> None:
    inside, without = (parts(result)["alike"] for result in (told.result, container(TELLS)))
    assert inside == without != ""


def test_a_terminal_in_a_machine(pair: list[Result]) -> None:
    assert pair[1].stdout.split() == ["/dev/pts/0", "done"]


def test_the_memory_limit_is_kept_by_the_machines_own_kernel(hostile: Callable[[str], Two]) -> None:
    _, result = hostile("output and memory").results
    assert (result.code, result.reason, result.stdout.strip()) == (137, "oom", str(32 << 20))
    assert f"oom_memcg=/docker/{result.event('created')['container']}" in boot_of(result)


@pytest.mark.parametrize("name", HOSTILE)
def test_two_hostile_machines_end_inside_their_limits_and_leave_nothing(
    hostile: Callable[[str], Two], name: str
) -> None:
    two = hostile(name)
    assert [(result.code, result.reason) for result in two.results] == [(137, reason) for *_, reason in HOSTILE[name]]
    assert max(len(boot_of(result)) for result in two.results) <= 65_536
    assert two.after == two.before


def test_the_memory_of_a_machine_is_back_within_a_second(told: Machine) -> None:
    assert told.kept_bytes < 32 * 1024 * 1024


def test_limits_of_the_program_hold_inside(told: Machine) -> None:
    assert parts(told.result)["limits"].split() == ["20", "1024"]


def test_a_visitor_waits_for_their_own_machine(pair: list[Result]) -> None:
    assert [result.reason for result in pair] == ["exit", "exit"]
    assert sum(event["type"] == "queued" for result in pair for event in result.events) >= 1
