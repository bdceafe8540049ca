"""Whichever link between `make serve` and the backend is ended, all of them end, and nothing is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from support import pace
from support.backend import REPOSITORY, STATE, free_port
from support.files import children, text_of

pytestmark = [pytest.mark.container, pytest.mark.engine]
USER = 64998
# `sudo` asks /etc who that is and what they may do; the machine's own files stay as they are
AS_SUDOER = f"""
cp /etc/passwd "$0/passwd"; echo "learner:x:{USER}:{USER}::/nonexistent:/bin/sh" >>"$0/passwd"
cp /etc/shadow "$0/shadow"; echo "learner:*:19000:0:99999:7:::" >>"$0/shadow"
echo "learner ALL=(ALL) NOPASSWD: ALL" >"$0/sudoers"; chmod 0440 "$0/sudoers"
for file in passwd shadow sudoers; do mount --bind "$0/$file" "/etc/$file"; done
exec setpriv --reuid={USER} --regid={USER} --clear-groups "$@"
"""


class Chain:
    """The processes from `make` to the supervisor, the outermost first, and what the backend leaves outside them."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def links(self) -> list[int]:
        """Each process that only waits for the next, down to the supervisor, which has several children."""
        found = [self.process.pid]
        while len(below := children(found[-1])) == 1:
            found += below
        return found

    def ready(self) -> bool:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{self.port}/v1/health") as answer:
            return bool(answer.status == 200)
        return False

    def left(self) -> list[str]:
        """Processes, groups, mounts and folders of this backend, and its port."""
        name = f"docker-run-sandbox-{self.port}"
        found = [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/{name}")]
        found += [line for line in text_of(Path("/proc/self/mountinfo")).splitlines() if name in line]
        found += [words for pid in Path("/proc").glob("[0-9]*") if name in (words := text_of(pid / "cmdline"))]
        found += [str(path) for path in Path("/run").glob(name)]
        return [*found, "port"] if self.ready() else found


@pytest.fixture
def chain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chain]:
    """`make serve` without its set-up, once it serves; a run goes on in it."""
    for folder in (tmp_path, tmp_path / "data"):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)
    shutil.copytree(STATE / "registry", tmp_path / "data/registry", symlinks=True)
    port = free_port()
    words = ["make", "serve", "ready=true", f"PORT={port}", f"DATA={tmp_path / 'data'}", "MACHINE=here"]
    if request.param == "sudo":
        words = ["unshare", "--mount", "sh", "-ec", AS_SUDOER, str(tmp_path), *words]
    made = Chain(subprocess.Popen(words, cwd=REPOSITORY), port)
    try:
        until(made.ready)
        yield made
    finally:
        made.process.send_signal(signal.SIGTERM)
        made.process.wait(pace.seconds(15))


def until(done: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + pace.seconds(seconds)
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("chain", "link"),
    # make and the supervisor; with sudo between them also a shell, sudo, and what stands in for a signal
    [*(("root", link) for link in range(2)), *(("sudo", link) for link in range(5))],
    indirect=["chain"],
)
def test_who_ends_one_link_ends_all(chain: Chain, link: int) -> None:
    links = chain.links()
    os.kill(links[link], signal.SIGTERM)
    until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in links), 10)
    until(lambda: not chain.left(), 2)


@pytest.mark.parametrize("chain", ["root", "sudo"], indirect=True)
def test_who_kills_make_ends_all_that_it_has_started(chain: Chain) -> None:
    links = chain.links()
    os.kill(links[0], signal.SIGKILL)
    until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in links), 10)
    until(lambda: not chain.left(), 2)
