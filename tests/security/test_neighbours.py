"""One takes as much as it can of what all have: it gets its share, and the others' runs take hardly longer.

How much longer is the best of some rounds, as what else runs on the machine is not the attack's doing.
"""

from __future__ import annotations

import errno
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support import pace
from support.arena import LARGE, LITTLE, MIB, attack, attacking, least_room, line, numbers, visitor
from support.backend import Backend
from support.client import Docker, Result, run
from support.footprint import at_rest, settled

pytestmark = pytest.mark.container
# of so many runs the second longest is the 95th percentile
ROUNDS, RUNS = 3, 20
# an attack goes on for so long, which is longer than so many runs take
SECONDS = pace.seconds(1.2)
DISK = "--device-write-bps /dev/loop0:1gb"
# clients at another computer: they read as fast as they can, and ask again; a line is said when each has its first
CLIENTS = """
import selectors, socket, sys
port, paths = int(sys.argv[1]), sys.argv[2:]
reading = selectors.DefaultSelector()

def ask(path, first):
    one = socket.create_connection(("127.0.0.1", port))
    head = f"GET {path} HTTP/1.1\\r\\nHost: 127.0.0.1:{port}\\r\\nAccept-Encoding: gzip, deflate, br\\r\\n"
    one.sendall(f"{head}Connection: close\\r\\n\\r\\n".encode())
    reading.register(one, selectors.EVENT_READ, (path, first))

for path in paths:
    ask(path, True)
while True:
    for key, _ in reading.select():
        path, first = key.data
        if not key.fileobj.recv(1 << 20):
            reading.unregister(key.fileobj)
            key.fileobj.close()
            ask(path, False)
        elif first:
            print(path, flush=True)
            reading.modify(key.fileobj, selectors.EVENT_READ, (path, False))
"""


def nearly_longest(arena: Backend, host: str, enough: float = math.inf) -> float:
    """The 95th percentile of the seconds that a visitor's runs take; once it must be more than `enough`, at least
    that."""
    times: list[float] = []
    while len(times) < RUNS and sum(took > enough for took in times) < 2:
        begun = time.monotonic()
        assert run(arena.url, line(LITTLE), host).code == 0
        times.append(time.monotonic() - begun)
    return sorted(times)[-2]


def slowed(arena: Backend, attacked: Callable[[], AbstractContextManager[object]], most: float) -> float:
    """How many times as long a visitor's runs take beside an attack; what is not above `most` is not improved on."""
    host, found = visitor(arena), []
    for _ in range(ROUNDS):
        alone = nearly_longest(arena, host) + pace.seconds(0.02)
        with attacked():
            found.append(nearly_longest(arena, host, most * alone) / alone)
        if found[-1] <= most:
            break
    return min(found)


@pytest.mark.parametrize("what", ["bomb", "threads"])
def test_res_01_who_multiplies_without_end_comes_to_its_limit_and_slows_nobody_down(arena: Backend, what: str) -> None:
    assert slowed(arena, lambda: attacking(arena, f"{what} {SECONDS}"), 2) <= 2


def test_res_01_threads_are_counted_like_processes(arena: Backend) -> None:
    # the first one is the program itself
    assert numbers(attack(arena, "threads 0", "--pids-limit 20")) == {"threads": 19, "errno": errno.EAGAIN}


def test_res_09_loops_on_all_processors_get_their_share_and_slow_nobody_down(arena: Backend) -> None:
    attacks: list[Future[Result]] = []

    @contextmanager
    def spinning() -> Iterator[None]:
        with attacking(arena, f"spin {2 * (os.cpu_count() or 1)} {SECONDS}") as one:
            attacks.append(one)
            yield

    assert slowed(arena, spinning, 2) <= 2
    for one in attacks:
        last = one.result().events[-1]
        # a container has one processor
        assert 0 < last["cpu_ms"] < 1.15 * last["wall_ms"]


@pytest.mark.parametrize("options", ["", DISK], ids=["memory", "disk"])
def test_res_05_whoever_fills_the_disk_takes_its_share_of_the_machines(arena: Backend, options: str) -> None:
    full = numbers(attack(arena, "fill /tmp/full 0.1", options))
    assert full["errno"] == errno.ENOSPC
    # a disk has a little more room than the files on it may take
    assert 32 * MIB < full["kib"] << 10 < 72 * MIB
    assert least_room(arena, "fill /tmp/full 0.3", options, 128 * MIB) < 128 * MIB


@pytest.mark.parametrize("kind", ["deep", "wide"])
@pytest.mark.parametrize(("folder", "options"), [("/tmp", ""), ("/dev/shm", ""), ("/tmp", DISK)])
def test_res_11_nobody_waits_until_a_tree_of_folders_is_removed(
    arena: Backend, kind: str, folder: str, options: str
) -> None:
    host = visitor(arena)
    before = at_rest(arena)
    result = attack(arena, f"tree {kind} {folder}", options, host)
    begun, made, ended = result.event("started")["at"], result.event("output")["at"], result.events[-1]["at"]
    # the run ends with its program, and that with the last folder; the kernel drops them no slower than it made them
    assert ended - made < made - begun + 0.3 * pace.now()
    assert result.code == 0
    assert numbers(result)["made"] > 10_000
    assert settled(arena, before, 1) == before


def most_used(pid: int) -> int:
    """The most memory that a process has had since `forget`, in bytes."""
    (row,) = [row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("VmHWM:")]
    return int(row.split()[1]) << 10


def forget(pid: int) -> None:
    """Let the kernel forget how much memory a process has had (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def test_out_05_output_without_end_takes_little_of_the_backends_memory(backend: Backend, docker: Docker) -> None:
    docker("docker run alpine true")
    processes = [backend.pid_of("runner"), backend.pid_of("web")]
    for pid in processes:
        forget(pid)
    before = list(map(most_used, processes))
    assert docker("docker run alpine yes").reason == "output-limit"
    for pid, bytes in zip(processes, before, strict=True):
        assert most_used(pid) - bytes < 16 * MIB


@contextmanager
def fetching(arena: Backend) -> Iterator[None]:
    """One address fetches the largest files over and over again, twelve at a time, from before the block begins."""
    paths = [f"/{name}" for name in LARGE] * 6
    command = ["nice", "-n", "19", sys.executable, "-c", CLIENTS, str(urlsplit(arena.url).port), *paths]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as clients:
        try:
            assert clients.stdout
            assert sorted(clients.stdout.readline() for _ in paths) == sorted(f"{path}\n" for path in paths)
            yield
            assert clients.poll() is None
        finally:
            clients.kill()


def test_attack_8_whoever_fetches_the_largest_files_over_and_over_slows_nobody_down_much(arena: Backend) -> None:
    assert slowed(arena, lambda: fetching(arena), 4) <= 4
