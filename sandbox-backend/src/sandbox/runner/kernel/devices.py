"""Gives each container device nodes of its own, so that a lock or a watch on one reaches nobody else.

In a user namespace nobody can make a node, so that the OCI runtime binds those of its own /dev into the container, also
over files that are closed, and opens one as the standard input. So each runtime gets a /dev of its own, with nodes that
the runner has made.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sandbox.linux import files, mounts, namespaces

# those that crun and Docker give every container (runtime-spec, config-linux.md, default devices), by their numbers
NODES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
INODES_EACH = len(NODES) + 1


class Devices:
    """Device nodes below `folder`, on a file system of the runner's own mount namespace, for `most` containers."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        # no MS_NODEV, unlike /run
        inodes = INODES_EACH * (most + 1)
        flags = mounts.MS_NOSUID | mounts.MS_NOEXEC
        mounts.mount("tmpfs", folder, "tmpfs", flags, f"mode=0711,size={4096 * inodes},nr_inodes={inodes}")

    def make(self, name: str) -> Path:
        """Make the nodes of one container; the folder that they are in."""
        folder = self._folder / name
        folder.mkdir(mode=0o711)
        for node, (major, minor) in NODES.items():
            os.mknod(folder / node, stat.S_IFCHR, os.makedev(major, minor))
            # whatever mask the runner has
            (folder / node).chmod(0o666)
        return folder

    def remove(self, name: str) -> None:
        """Remove the nodes of one container, which may not have any."""
        files.remove_tree(self._folder / name)

    def close(self) -> None:
        """Remove all that is left."""
        mounts.unmount(self._folder)


def use(folder: Path) -> None:
    """Have the calling thread, and what it starts from now on, find the nodes in `folder` in place of the machine's."""
    namespaces.unshare(namespaces.CLONE_NEWNS)
    for name in NODES:
        mounts.mount(str(folder / name), f"/dev/{name}", None, mounts.MS_BIND)
