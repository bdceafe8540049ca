"""A backend whose images hold the program that attacks, made of `tests/security/attack`."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sandbox.linux import shared
from sandbox.settings import Settings
from support import oci, pace, registry
from support.backend import REPOSITORY, Backend, running
from support.client import Event, Result, new_host, run

SOURCE = REPOSITORY / "tests/security/attack"
COMPILE = "gcc -std=c11 -D_GNU_SOURCE -Os -Wall -Wextra -Werror -static"
ATTACKS = (
    "raw 110 1",
    "raws 20 1",
    "udp 500 1",
    "acls /dev/shm 2000 1",
    "acls /tmp 2000 1",
    "locks /tmp/x 1000000 1",
    "inotify 1",
    "terminals 1",
    "writers 50 1",
    "filters",
    "sync /etc/hosts",
    "flock /dev/null 1",
    "watch /dev/null 1",
)
# does next to nothing, and lasts as long
LITTLE = "oom"
MIB = 1 << 20
# what a run may take of the machine besides its limit
SLACK, ATTEMPTS = 32 * MIB, 4
# what its site has, as large as the largest file of ours: one with compressed copies, and one without
LARGE, COPIES, BYTES = ("large.wasm", "plain.wasm"), (".br", ".gz"), 9_000_000
# of few values, which takes long to compress
FEW = bytes(value & 3 for value in range(256))


def line(words: str, options: str = "") -> str:
    """The command line of an attack."""
    return f"docker run {options} attack /attack {words}"


def visitor(arena: Backend) -> str:
    """A new visitor who has the image, so that an attack of theirs begins at once."""
    host = new_host(arena.url)
    assert run(arena.url, line(LITTLE), host).code == 0
    return host


def attack(arena: Backend, words: str, options: str = "", host: str = "") -> Result:
    """Carry an attack out, by a new visitor unless one is named."""
    return run(arena.url, line(words, options), host or new_host(arena.url))


def numbers(result: Result) -> dict[str, int]:
    """What an attack says that it has got, by name."""
    return {name: int(value) for name, _, value in (line.partition("=") for line in result.stdout.splitlines())}


@contextmanager
def attacking(arena: Backend, words: str, options: str = "", host: str = "") -> Iterator[Future[Result]]:
    """The attack goes on during the block, which begins when it has got what it can get."""
    got = threading.Event()

    def note(event: Event) -> None:
        if event["type"] in ("output", "exited", "failed"):
            got.set()

    # whoever has to pull the image first has output of that
    own = host or visitor(arena)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run, arena.url, line(words, options), own, each=note)
        assert got.wait(pace.seconds(10)), arena.log.read_text()[-2000:]
        yield future
        future.result()


@contextmanager
def opened(folder: Path, *, python: str = sys.executable, **settings: object) -> Iterator[Backend]:
    """The arena, with more `settings` and another `python` if one is named; `folder` is scratch space."""
    files: dict[str, oci.Entry] = {
        "attack": oci.File(_program(), mode=0o755),
        "tmp/": oci.Folder(mode=0o1777),
    }
    with registry.running(folder / "registry") as url, _site() as site:
        oci.push_image(url, "library/attack:latest", [files])
        values = {"registry": url, "limits": {"seconds": 20}, "kernel_bytes": Settings().kernel_bytes, **settings}
        with running(values, site=site, python=python) as backend:
            yield backend


def _program() -> bytes:
    """What attacks, compiled once: each guard that is taken out has an arena of its own."""
    sources = sorted(SOURCE.glob("*.[ch]"))
    key = hashlib.sha256(b"".join(one.read_bytes() for one in sources)).hexdigest()
    made = REPOSITORY / ".cache/attack" / key
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=made.parent) as folder:
            program = Path(folder, "attack")
            subprocess.run([*COMPILE.split(), "-o", program, *SOURCE.glob("*.c")], check=True)
            program.rename(made)
    return made.read_bytes()


@contextmanager
def _site() -> Iterator[Path]:
    """A site of large files, where the web process can see it."""
    with tempfile.TemporaryDirectory(prefix="site-") as folder:
        site = Path(folder)
        site.chmod(0o755)
        for name in (*LARGE, *(LARGE[0] + suffix for suffix in COPIES)):
            (site / name).write_bytes(random.randbytes(BYTES).translate(FEW))
        yield site


class Peak:
    """The highest that the kernel's own memory was above what it was at first, in bytes, looked at all the time."""

    def __init__(self) -> None:
        self.bytes = 0
        self._before, self._over = used(), threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self.bytes = max(self.bytes, used() - self._before)


def least_peak(arena: Backend, words: str, options: str = "--memory 32m", enough: int = 32 * MIB + SLACK) -> int:
    """The highest that the kernel's own memory was above what it was at first while an attack went on, by a visitor who
    has the image: the least of so many that what else runs on the machine cannot be in all of them."""
    host, found = visitor(arena), []
    for _ in range(ATTEMPTS):
        with Peak() as peak:
            attack(arena, words, options, host)
        found.append(peak.bytes)
        if peak.bytes < enough:
            break
        time.sleep(pace.seconds(0.5))
    return min(found)


def least_room(arena: Backend, words: str, options: str, enough: int) -> int:
    """The bytes of the disk that an attack has taken when it has what it can get: the least, as of `least_peak`."""
    host = visitor(arena)
    found: list[int] = []
    while not found or (found[-1] >= enough and len(found) < ATTEMPTS):
        free = shutil.disk_usage(arena.state).free
        with attacking(arena, words, options, host):
            found.append(free - shutil.disk_usage(arena.state).free)
    return min(found)


def used() -> int:
    """The bytes of memory that the kernel has for itself: what programs, files and caches have comes and goes with all
    that runs on the machine."""
    return shared.kernel_bytes()
