"""Filling the local registry on its bad days: without any privilege, with odd masks, killed, on a full disk."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import dacite
import pytest
import urllib3

import sandbox
from sandbox.local_registry import server
from sandbox.settings import Settings

pytestmark = pytest.mark.container
IMAGES = Path(__file__).parents[2] / "demos/images"
USER = 1234
NOBODY = [f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
BARE_ROOT = ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]


class Scratch:
    """A folder that anybody can reach, with what filling needs: the program, the images, and a home for the state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "home/state"
        self.images = Path(shutil.copytree(IMAGES, folder / "images"))
        for package in (sandbox, dacite, urllib3):
            assert package.__file__
            shutil.copytree(Path(package.__file__).parent, folder / "lib" / package.__name__)
        self.state.parent.mkdir()
        # as where somebody's programs are only unpacked, with a library that must not get into an image by this path
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.busybox = Path(shutil.copy("/bin/busybox", self.programs))
        shutil.copy("/usr/bin/docker-registry", self.programs)
        (library,) = Path("/lib").glob("*-linux-gnu/libc.so.6")
        self.libraries = folder / "lib/private"
        self.libraries.mkdir()
        shutil.copy(library, self.libraries)
        for path in (folder, *folder.rglob("*")):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))

    def start(self, *prefix: str, before: str = "", umask: int = -1) -> subprocess.Popen[str]:
        """Start filling behind `prefix`, after the shell lines `before`, in a mount namespace of its own."""
        fill = [
            "-m",
            "sandbox.local_registry.fill",
            "--images",
            str(self.images),
            "--data-dir",
            str(self.state),
            "--offline",
        ]
        python = Path(sys.executable).resolve()
        return subprocess.Popen(
            ["unshare", "--mount", "sh", "-ec", f'{before}\nexec "$@"', "sh", *prefix, python, "-B", *fill],
            env={
                "PATH": f"{self.programs}:{os.environ['PATH']}",
                "PYTHONPATH": str(self.folder / "lib"),
                "BUSYBOX": str(self.busybox),
                "LD_LIBRARY_PATH": str(self.libraries),
            },
            cwd=self.folder,
            umask=umask,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def fill(self, *prefix: str, before: str = "", umask: int = -1) -> tuple[int, str]:
        """Fill to the end: the exit code, and what was printed."""
        with self.start(*prefix, before=before, umask=umask) as process:
            printed, _ = process.communicate(timeout=300)
        return process.returncode, printed

    def tags(self) -> dict[str, str]:
        return tags(self.state)


def tags(state: Path) -> dict[str, str]:
    """The digest that each tag names."""
    folder = server.home(state)
    return {str(link.relative_to(folder)): link.read_text() for link in folder.rglob("tags/*/current/link")}


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    # not tmp_path, which only its owner can reach
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Scratch(Path(folder))


def test_a_user_without_any_capability_makes_the_images_that_root_makes(scratch: Scratch, filled: Settings) -> None:
    os.chown(scratch.state.parent, USER, USER)
    hidden = "for program in /bin/busybox /usr/bin/docker-registry; do mount --bind /dev/null $program; done"
    code, printed = scratch.fill("setpriv", *NOBODY, before=hidden, umask=0o077)
    assert code == 0, printed
    assert scratch.tags() == tags(filled.data_dir)
    owners = {path.lstat().st_uid for path in scratch.state.rglob("*")}
    assert owners == {USER}
    assert sorted(path.name for path in scratch.state.parent.iterdir()) == ["state"]


def test_a_root_without_capabilities_fills_for_itself(scratch: Scratch, filled: Settings) -> None:
    code, printed = scratch.fill("setpriv", *BARE_ROOT)
    assert code == 0, printed
    assert scratch.tags() == tags(filled.data_dir)


async def test_roots_mask_does_not_keep_the_registry_from_its_files(scratch: Scratch, filled: Settings) -> None:
    code, printed = scratch.fill(umask=0o077)
    assert code == 0, printed
    assert scratch.tags() == tags(filled.data_dir)
    port = server.free_port()
    async with server.serving(server.home(scratch.state), filled.registry_uid, port):
        assert await server.answers(port)


def there(scratch: Scratch, sign: str) -> set[Path]:
    """The files by that sign; none when a folder has gone while it was looked into."""
    with contextlib.suppress(FileNotFoundError):
        return set(scratch.state.glob(sign))
    return set()


def killed(scratch: Scratch, sign: str) -> None:
    """Kill a filling when there is such a file; what an earlier one left may be the same."""
    with scratch.start() as process:
        before = there(scratch, sign)
        while process.poll() is None and there(scratch, sign) <= before:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)


def test_after_a_kill_nothing_is_taken_for_whole_and_the_next_one_heals(scratch: Scratch, filled: Settings) -> None:
    # on a busy machine a kill may come when all is done
    for _ in range(5):
        shutil.rmtree(scratch.state, ignore_errors=True)
        for sign in ("fill-*", "fill-*/registry/**/current/link"):
            killed(scratch, sign)
        if not server.is_there(scratch.state):
            break
    assert not server.is_there(scratch.state)
    assert scratch.fill()[0] == 0
    assert scratch.tags() == tags(filled.data_dir)
    assert sorted(path.name for path in scratch.state.iterdir()) == ["fill.lock", "registry"]


def test_a_full_disk_is_told_and_with_room_the_next_one_heals(scratch: Scratch, filled: Settings) -> None:
    scratch.state.mkdir()
    again = f"{sys.executable} -B -m sandbox.local_registry.fill --images images --data-dir {scratch.state} --offline"
    script = f"""mount -t tmpfs none {scratch.state}
        for size in 400k 6m; do
            mount -o remount,size=$size {scratch.state}
            if {again}; then exit 9; fi
            ls {scratch.state}
        done
        mount -o remount,size=99m {scratch.state}
        {again}
        cp -r {scratch.state}/registry {scratch.folder}/healed
        set -- true"""
    code, printed = scratch.fill(before=script)
    assert code == 0, printed
    assert printed.count("레지스트리를 채우지 못했어요: ") == 2
    assert "Traceback" not in printed
    assert [line for line in printed.splitlines() if line in ("registry", "fill.lock")] == ["fill.lock"] * 2
    links = (scratch.folder / "healed").rglob("tags/*/current/link")
    assert sorted(link.read_text() for link in links) == sorted(tags(filled.data_dir).values())


def test_a_state_folder_of_somebody_else_is_told_without_a_traceback(scratch: Scratch) -> None:
    scratch.state.mkdir()
    code, printed = scratch.fill("setpriv", *NOBODY)
    assert code == 1
    assert printed.startswith("레지스트리를 채우지 못했어요: ")
    assert "fill.lock" in printed
