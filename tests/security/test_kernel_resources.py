"""What the kernel counts outside a container's cgroup, or for the whole machine: attacked for real, from inside one.

The attacks are `attack/attack.c`; each row is named by its number in the list of attacks that once got somewhere.
"""

from __future__ import annotations

import errno
import fcntl
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import oci, pace, registry
from support.backend import Backend, running
from support.client import Result, new_host, run

pytestmark = pytest.mark.container
SOURCE = Path(__file__).with_name("attack") / "attack.c"
LITTLE = "docker run attack /attack oom"
COMPILE = "gcc -std=c11 -Os -Wall -Wextra -Werror -static"
MIB = 1 << 20
SYS_RESOURCE = 24
# besides its limit; the machine's own noise is in it
SLACK = 32 * MIB
# what the machine's own root has, while a container has all that it can get
INOTIFY = "import ctypes; print(int(ctypes.CDLL(None).inotify_init() < 0))"


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A backend whose images are alpine and the program that attacks."""
    folder = tmp_path_factory.mktemp("arena")
    subprocess.run([*COMPILE.split(), "-o", folder / "attack", SOURCE], check=True)
    program = oci.File((folder / "attack").read_bytes(), mode=0o755)
    with registry.running(folder / "registry") as url:
        oci.push_image(url, "library/attack:latest", [{"attack": program, "tmp/": oci.Folder(mode=0o1777)}])
        with running({"registry": url, "limits": {"seconds": 20}}) as backend:
            yield backend


def attack(arena: Backend, words: str, options: str = "", host: str = "") -> Result:
    return run(arena.url, f"docker run {options} attack /attack {words}", host or new_host(arena.url))


def numbers(result: Result) -> dict[str, int]:
    return {name: int(value) for name, _, value in (line.partition("=") for line in result.stdout.splitlines())}


@contextmanager
def attacking(arena: Backend, words: str, options: str = "", host: str = "") -> Iterator[Future[Result]]:
    """The attack goes on during the block, which begins when it has got what it can get."""
    got = threading.Event()

    def note(event: dict[str, object]) -> None:
        if event["type"] == "output":
            got.set()

    line = f"docker run {options} attack /attack {words}"
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run, arena.url, line, host or new_host(arena.url), each=note)
        assert got.wait(pace.seconds(10)), arena.log.read_text()[-2000:]
        yield future
        future.result()


def used() -> int:
    """The bytes of the machine's memory that nobody else could have now."""
    rows = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return 1024 * (int(rows["MemTotal"].split()[0]) - int(rows["MemAvailable"].split()[0]))


@contextmanager
def rise() -> Iterator[list[int]]:
    """How far the machine's used memory goes above what it was, as one number after the block."""
    before, seen, over = used(), [0], threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            seen[0] = max(seen[0], used() - before)

    watching = threading.Thread(target=look)
    watching.start()
    try:
        yield seen
    finally:
        over.set()
        watching.join()


def test_attack_1_writers_that_go_on_after_the_end_hold_nobody_up(arena: Backend) -> None:
    host, quiet = new_host(arena.url), new_host(arena.url)
    run(arena.url, LITTLE, quiet)
    donor: list[str] = []
    begun = threading.Event()

    def note(event: dict[str, object]) -> None:
        if event["type"] == "created":
            donor.append(str(event["container"]))
        if event["type"] == "started":
            begun.set()

    with ThreadPoolExecutor(2) as pool:
        own = pool.submit(run, arena.url, "docker run attack /attack watch /tmp 6", host, each=note)
        assert begun.wait(pace.seconds(10))
        guest = f"docker run --pid container:{donor[0]} attack /attack writers 58 5"
        attacks = pool.submit(run, arena.url, guest, host)
        longest, end = 0.0, time.monotonic() + 4
        while time.monotonic() < end:
            before = time.monotonic()
            assert run(arena.url, LITTLE, quiet).code == 0
            longest = max(longest, time.monotonic() - before)
        assert attacks.result().code in (0, 137)
        own.result()
    assert longest < pace.seconds(1.5), longest


def test_attack_3_an_old_name_of_packet_sockets_is_refused(arena: Backend) -> None:
    assert numbers(attack(arena, "packet")) == {"errno": errno.EPERM}


@pytest.mark.parametrize("words", ["acls /dev/shm 2000 1", "acls /tmp 2000 1", "locks /tmp/x 4000000 4"])
def test_attack_4_what_no_limit_counts_cannot_be_had_without_end(arena: Backend, words: str) -> None:
    attack(arena, "oom")
    with rise() as risen:
        result = attack(arena, words, "--memory 32m")
    assert risen[0] < 32 * MIB + SLACK, (risen, result.stdout)


# many processes at once are ended as soon as they are seen, and without that would go on to gigabytes
@pytest.mark.parametrize(("words", "slack"), [("raw 110 3", SLACK), ("raws 40 3", 8 * SLACK), ("udp 1000 3", SLACK)])
def test_attack_4_queues_of_sockets_do_not_fill_the_machines_memory(arena: Backend, words: str, slack: int) -> None:
    attack(arena, "oom")
    with rise() as risen:
        result = attack(arena, words, "--memory 32m")
    assert risen[0] < 32 * MIB + slack, (risen, result.stdout)


def test_attack_4_the_score_that_the_kernel_kills_by_cannot_be_lowered(arena: Backend) -> None:
    # the kernel takes the least one only from a writer who has this, as a backend in a container may not
    capable = int(re.findall(r"CapEff:\s*(\w+)", Path("/proc/self/status").read_text())[0], 16) >> SYS_RESOURCE & 1
    assert numbers(attack(arena, "oom")) == {"lowered": 0 if capable else 1}


def test_attack_5_one_takes_all_the_inotify_instances_it_can_and_others_have_theirs(arena: Backend) -> None:
    with attacking(arena, "inotify 4") as taken, attacking(arena, "inotify 2") as others:
        assert (
            subprocess.run([sys.executable, "-c", INOTIFY], capture_output=True, text=True, check=True).stdout == "0\n"
        )
    assert numbers(taken.result()) == numbers(others.result())
    assert 0 < numbers(taken.result())["instances"] <= 32


def test_attack_5_one_takes_all_the_terminals_it_can_and_others_have_theirs(arena: Backend) -> None:
    with attacking(arena, "terminals 4") as taken:
        assert attack(arena, "oom", "-t").code == 0
    assert 0 < numbers(taken.result())["terminals"] <= 64


def test_attack_5_no_filter_is_compiled_for_a_container(arena: Backend) -> None:
    refused = numbers(attack(arena, "filters"))
    assert set(refused) == {"socket", "reuseport", "prctl", "prctl-high", "seccomp"}
    assert set(refused.values()) == {errno.EPERM}


def test_attack_6_a_wish_to_write_out_all_disks_is_not_carried_out(arena: Backend) -> None:
    found = numbers(attack(arena, "sync /etc/hosts"))
    assert found["errno"] == 0
    assert found["milliseconds"] < 50


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"])
def test_attack_7_a_lock_on_a_device_is_on_ones_own(arena: Backend, path: str) -> None:
    with attacking(arena, f"flock {path} 2") as held:
        assert numbers(attack(arena, f"flock {path} 0")) == {"errno": 0}
        with Path(path).open() as own:
            fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert numbers(held.result()) == {"errno": 0}


@pytest.mark.parametrize("path", ["/sbin/docker-init", "/proc/self/fd/0", "/etc/hosts", "/attack"])
def test_attack_7_a_lock_on_what_is_bound_or_shared_is_on_ones_own(arena: Backend, path: str) -> None:
    with attacking(arena, f"flock {path} 2", "--init") as held:
        assert numbers(attack(arena, f"flock {path} 0", "--init")) == {"errno": 0}
    assert numbers(held.result()) == {"errno": 0}


def test_attack_7_a_watch_sees_ones_own_alone(arena: Backend) -> None:
    with attacking(arena, "watch /dev/null 2") as watching:
        attack(arena, "flock /dev/null 0")
        Path("/dev/null").write_text("x")
    assert numbers(watching.result()) == {"watch": 0, "seen": 0}
