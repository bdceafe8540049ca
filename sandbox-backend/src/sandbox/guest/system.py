"""Puts the guest's system together: `python -m sandbox.guest.system ROOT KERNEL INITS INITRD`, as anybody.

ROOT is a folder with Debian packages unpacked; the backend is put into it, with the Python packages that it needs, as a
virtual environment at `/opt/sandbox`. KERNEL is a kernel package unpacked; its drivers become a part of the first
files, which are written to INITRD. INITS has the two first programs.
"""

from __future__ import annotations

import compileall
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from py_compile import PycInvalidationMode

import sandbox
from sandbox.guest import kernel_package
from sandbox.runner.isolation.vm import cpio

HOME = "opt/sandbox"
DISTRIBUTION = "docker-run-sandbox"
# of QEMU's disks and network, of the system's own file system, of what runs are made of
DRIVERS = ("virtio_pci", "virtio_blk", "virtio_net", "squashfs", "overlay", "loop", "bridge", "veth", "sch_tbf")
FOLDERS = ("proc", "sys", "dev", "run", "tmp", "data", "etc", "root", "sys/fs/cgroup")
FILES = {
    "etc/passwd": "root:x:0:0::/run:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    # QEMU's own
    "etc/resolv.conf": "nameserver 10.0.2.3\n",
}
PROGRAM = cpio.FILE | 0o755


def main(arguments: Sequence[str]) -> int:
    """Make both; 0."""
    root, kernel, inits, target = map(Path, arguments)
    lay_out(root, inits / "init")
    install(root)
    target.write_bytes(initrd(root, kernel, inits / "initrd-init"))
    return 0


def lay_out(root: Path, init: Path) -> None:
    """Put what makes packages a system into `root`."""
    for name in FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (root / name).write_text(text)
    # where Python looks for libraries; the guest makes it, since making it for another root takes a privilege
    (root / "etc/ld.so.cache").symlink_to("/run/ld.so.cache")
    shutil.copy(init, root / "init")


def install(root: Path) -> None:
    """Put the backend into `root`: its source, and what it needs of this very environment; all compiled."""
    home, version = root / HOME, f"python3.{sys.version_info.minor}"
    packages = home / "lib" / version / "site-packages"
    shutil.rmtree(home, ignore_errors=True)
    (home / "bin").mkdir(parents=True)
    (home / "bin/python").symlink_to(f"/usr/bin/{version}")
    (home / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    copy(needed(DISTRIBUTION), packages)
    ours = Path(sandbox.__file__).parent
    shutil.copytree(ours, packages / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (packages, root / "usr/lib" / version):
        # never looked at again: what it was compiled from cannot change
        mode = PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(folder, quiet=2, workers=2, stripdir=str(root), prependdir="/", invalidation_mode=mode)


def copy(names: Iterable[str], target: Path) -> None:
    """Copy these Python packages of this environment into the folder `target`; those for other platforms are not
    there."""
    for source, name in _files(names):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target / name)


def needed(name: str) -> set[str]:
    """The names of all Python packages that `name` needs, optional ones left out, without its own."""
    found: set[str] = set()
    left = [name]
    while left:
        one = left.pop()
        wanted = [_name(line) for line in _requirements(one) if "extra ==" not in line]
        left += [other for other in wanted if other not in found]
        found.update(wanted)
    return found


def _requirements(name: str) -> Iterable[str]:
    try:
        return distribution(name).requires or ()
    except PackageNotFoundError:
        # for another platform
        return ()


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()


def _files(names: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Where each file of these Python packages lies, and where below `site-packages` it belongs."""
    for name in sorted(names):
        try:
            files = distribution(name).files or ()
        except PackageNotFoundError:
            continue
        for file in files:
            if file.suffix != ".pyc" and ".." not in file.parts:
                yield Path(str(file.locate())), str(file)


def initrd(root: Path, kernel: Path, init: Path) -> bytes:
    """The archive of the first files: busybox, the drivers in their order, the first program and an empty folder for
    the system. What the outside brings along is put behind it, as an archive of its own."""
    drivers = kernel_package.select(next(kernel.glob("lib/modules/*")), DRIVERS)
    archive = [_folder(name) for name in ("bin", "dev", "modules", "system")]
    archive += [cpio.file("init", init.read_bytes(), PROGRAM)]
    archive += [cpio.file("bin/busybox", (root / "bin/busybox").read_bytes(), PROGRAM)]
    archive += [cpio.file(f"modules/{name}", driver) for name, driver in drivers]
    archive += [cpio.file("modules/order", "".join(f"{name}\n" for name, _ in drivers).encode())]
    return b"".join([*archive, cpio.trailer()])


def archived(files: dict[str, bytes]) -> bytes:
    """An archive of what the outside brings along: the guest finds it in /run."""
    own = [cpio.file(f"outside/{name}", data, PROGRAM) for name, data in files.items()]
    return b"".join([_folder("outside"), *own, cpio.trailer()])


def _folder(name: str) -> bytes:
    return cpio.header(cpio.Entry(name, cpio.DIRECTORY | 0o755))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
