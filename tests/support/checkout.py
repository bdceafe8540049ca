"""A checkout of its own to set up: every file of the repository as it is now, with a few small packages of Python."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.backend import REPOSITORY

SETUP = "sandbox-backend/setup"
# what builds our own packages, and two that show whether an installation is whole
KEPT = ("setuptools", "click", "markdown")
# what a clone does not bring: history, and what is made or installed in a checkout (a minimal Debian has no git to ask)
MADE = ["./.git", "./.venv", "./.state", "./site*", "./test-results", "./.*cache", "./.hypothesis", "__pycache__"]
MADE += ["node_modules", "*.egg-info"]
# every installed file that its package names a hash of is there and is that file
WHOLE = """
import base64, hashlib, importlib.metadata, pathlib, sys
for package in importlib.metadata.distributions():
    for file in package.files or []:
        if file.hash:
            data = pathlib.Path(file.locate()).read_bytes()
            sum = base64.urlsafe_b64encode(hashlib.new(file.hash.mode, data).digest()).rstrip(b"=").decode()
            assert sum == file.hash.value, file
print(*sorted({package.name.lower() for package in importlib.metadata.distributions()}))
"""


@dataclass(frozen=True)
class Ended:
    """How a set-up ended, and all that it said."""

    code: int
    said: str


@dataclass(frozen=True)
class Checkout:
    """The goal that is set up is `recorder`: the virtual environment, and no Debian package beside Python's own.

    `within` is a program that executes the words after its own, where the folder is what it should be.
    """

    folder: Path
    within: tuple[str, ...] = ()

    @property
    def ready(self) -> list[str]:
        """The command that sets it up."""
        return self.there(f"{SETUP}/ready", "recorder")

    def there(self, *command: str) -> list[str]:
        """A command that is executed in the checkout."""
        return [*self.within, "sh", "-c", 'cd "$0" && exec "$@"', str(self.folder), *command]

    def set_up(self, *before: str) -> Ended:
        """Set it up to the end, with a program `before` it that executes the words after its own."""
        return ended([*before, *self.ready])

    def killed(self, when: Callable[[], bool]) -> bool:
        """Set it up and end everything of it the hard way as soon as `when`; False when it was quicker than that."""
        with subprocess.Popen(
            self.ready, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            while not when() and process.poll() is None:
                time.sleep(0.002)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode != 0

    def has(self, path: str) -> bool:
        return ended(self.there("test", "-e", path)).code == 0

    def packages(self) -> list[str]:
        """The packages that are installed, each of them whole. AssertionError when one is not."""
        done = ended(self.there(".venv/bin/python", "-c", WHOLE))
        assert done.code == 0, done.said
        return done.said.split()


def copied(folder: Path, within: tuple[str, ...] = ()) -> Checkout:
    """A checkout in this folder."""
    checkout = Checkout(folder, within)
    packed = ["tar", "--create", "--directory", str(REPOSITORY), *(f"--exclude={name}" for name in MADE), "."]
    with subprocess.Popen(packed, stdout=subprocess.PIPE) as archive:
        subprocess.run(checkout.there("tar", "--extract"), stdin=archive.stdout, check=True)
    for name in ("runtime.txt", "site.txt"):
        blocks = re.split(r"\n(?=\S)", (REPOSITORY / SETUP / name).read_text())
        kept = "\n".join(block for block in blocks if block.partition("==")[0] in KEPT) + "\n"
        subprocess.run(
            checkout.there("tee", f"{SETUP}/{name}"), input=kept.encode(), stdout=subprocess.DEVNULL, check=True
        )
    return checkout


@dataclass(frozen=True)
class SmallDisk:
    """A disk with a checkout on it, which only the checkout's own commands see, and which takes so many KiB of it."""

    checkout: Checkout
    taken: int

    def leave(self, kib: int) -> None:
        """Make it so small, or so large, that this much room is left."""
        self._resize(_taken(self.checkout) + kib)

    def leave_to_set_up(self, kib: int) -> None:
        """The same for all that set-up makes, with what it has made already."""
        self._resize(self.taken + kib)

    def _resize(self, kib: int) -> None:
        done = ended(self.checkout.there("mount", "-o", f"remount,size={kib}k", str(self.checkout.folder)))
        assert done.code == 0, done.said


def _taken(checkout: Checkout) -> int:
    """What the files take of a checkout's disk, in KiB."""
    told = ended(checkout.there("stat", "--file-system", "--format=%b %f %S", ".")).said.split()
    blocks, free, size = (int(word) for word in told)
    return (blocks - free) * size // 1024


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """A disk in a mount namespace of its own, which it is gone with at the end. Needs root."""
    mounted = ["mount", "-t", "tmpfs", "-o", "mode=755,size=1g", "disk", str(folder)]
    hold = ["unshare", "--mount", "--propagation", "private", "sh", "-c", '"$@" && echo && exec sleep infinity', "sh"]
    with subprocess.Popen([*hold, *mounted], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == b"\n"
            checkout = copied(folder, ("nsenter", "--mount", f"--target={holder.pid}"))
            yield SmallDisk(checkout, _taken(checkout))
        finally:
            holder.kill()


def ended(command: Sequence[str]) -> Ended:
    """Carry out a command to its end."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return Ended(done.returncode, done.stdout)
