"""Starts a backend on this computer, to record with."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from docker_run.recording.client import BackendError, Client

PROGRAM = "sandbox-backend"
# the first is long because a backend may have to boot a Linux for itself
START_SECONDS, ISOLATION_SECONDS, STOP_SECONDS = 300.0, 90.0, 15.0


@contextmanager
def started(data_dir: Path | None, isolations: Set[str]) -> Iterator[Client]:
    """Run a backend on a free port until the end of the block, with the images in `data_dir`.

    It has the `isolations`, which demos ask for, where this computer can have them. The environment variable MACHINE
    says where its containers run, as it does for `serve`; `here`, which is this computer itself, needs root.
    BackendError when no backend can run.
    """
    machine = os.environ.get("MACHINE") or "here"
    if machine == "pages":
        raise BackendError(
            "이 컴퓨터에서는 실행할 수 없어요 (MACHINE=pages). BACKEND=주소로 다른 백엔드에서 기록해 주세요"
        )
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="record-") as folder:
        # containers do not run as root, and have to reach their files below it
        Path(folder).chmod(0o711)
        process = subprocess.Popen(_command(port, Path(folder), data_dir), stdout=subprocess.DEVNULL)
        try:
            _wait(address, process)
            if machine == "here":
                client = Client(address, _runtime(), platform.release())
                _wait_for_isolations(client, data_dir, isolations)
            else:
                # its runtime is in its own Linux, and the events of its runs name the kernel
                client = Client(address)
            yield client
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)


def _command(port: int, folder: Path, data_dir: Path | None) -> list[str]:
    program = shutil.which(PROGRAM, path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if program is None:
        raise BackendError(f"{PROGRAM} 프로그램이 없어요. --backend 로 이미 켜 둔 백엔드의 주소를 적어 주세요")
    command = [program, "serve", "--listen", "127.0.0.1", "--port", str(port), "--run-dir", str(folder / "run")]
    return [*command, "--data-dir", str(data_dir)] if data_dir else command


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(f"{address}/v1/health"):
                return
        except OSError:
            # not there yet, or not ready: HTTPError is an OSError too
            time.sleep(0.1)
    raise BackendError(f"{PROGRAM} 을 켜지 못했어요")


def _wait_for_isolations(client: Client, data_dir: Path | None, wanted: Set[str]) -> None:
    """Wait for the isolation `vm`, which appears once a first virtual machine has answered, where set-up made it."""
    deadline = time.monotonic() + ISOLATION_SECONDS
    expected = "vm" in wanted and data_dir is not None and (data_dir / "vm/.ready").exists()
    while expected and "vm" not in client.isolations() and time.monotonic() < deadline:
        time.sleep(0.2)


def _runtime() -> str:
    """Return the OCI runtime of this computer and its version, as in `crun 1.21`."""
    output = subprocess.run(["crun", "--version"], capture_output=True, text=True, check=False).stdout
    return " ".join(output.split()[:3:2])
