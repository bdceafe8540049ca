"""A real backend in a guest, as an ordinary user starts it who may do nothing: what `make serve MACHINE=guest` does."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sandbox.guest.booted import Files
from support import reachable
from support.backend import OUR_VARIABLES, REPOSITORY, STATE, Backend, free_port, isolations_of, stop

MADE = Files.within(STATE / "guest")
FILES: tuple[Path, ...] = dataclasses.astuple(MADE)
USER = 64_999
ORDINARY = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--bounding-set=-all", "--no-new-privs")
LIVE_SECONDS = 300.0
PAUSE = 0.1


@contextmanager
def running(environ: Mapping[str, str] | None = None) -> Iterator[Backend]:
    """A backend whose guest is being booted: so far it serves the pages. Stopped as Ctrl-C does at the end.

    It belongs to a user without a capability. The site is the one that set-up has built, inside and outside.
    """
    with tempfile.TemporaryDirectory(prefix="guest-test-") as name:
        folder, port = Path(name), free_port()
        state = state_in(folder)
        within = (*reachable.checkout(), *ORDINARY) if os.geteuid() == 0 else ()
        if within:
            for path in (folder, state, state / "guest"):
                shutil.chown(path, USER, USER)
        site = REPOSITORY / "site"
        command = [sys.executable, "-m", "sandbox", "serve", "--machine", "guest", "--port", str(port)]
        command += ["--site", str(site), "--data-dir", str(state)]
        kept = {name: value for name, value in os.environ.items() if name not in OUR_VARIABLES}
        log = folder / "log"
        with log.open("wb") as sink:
            process = subprocess.Popen([*within, *command], stdout=sink, stderr=sink, env=kept | dict(environ or {}))
        cgroup = f"docker-run-sandbox-{port}"
        backend = Backend(f"http://127.0.0.1:{port}", state, folder / "run", cgroup, process, log)
        try:
            yield backend
        finally:
            stop(backend)


def until_live(backend: Backend) -> None:
    """Until runs are live. AssertionError when that takes too long, or it ends."""
    deadline = time.monotonic() + LIVE_SECONDS
    while not isolations_of(backend):
        said = backend.log.read_text()[-4000:]
        assert backend.process.poll() is None, f"it has ended: {said}"
        assert time.monotonic() < deadline, f"it did not get live: {said}"
        time.sleep(PAUSE)


def qemu_of(backend: Backend) -> int:
    """The pid of the guest that runs now, or is being booted. AssertionError where there is none."""
    for pid in backend.processes():
        if Path(f"/proc/{pid}/comm").read_text().startswith("qemu-system"):
            return pid
    raise AssertionError("there is no guest: " + backend.log.read_text()[-4000:])


def left(state: Path) -> set[str]:
    """What is in the guest's folder beside what set-up has made."""
    return {path.name for path in (state / "guest").iterdir()} - {path.name for path in FILES}


def state_in(folder: Path) -> Path:
    """A data folder with the very files that set-up has made."""
    state = folder / "state"
    (state / "guest").mkdir(parents=True)
    for file in FILES:
        (state / "guest" / file.name).symlink_to(file)
    return state
