"""The folder that tests make their own folders in, where image layers must be mounted with their owners translated.

In a container the usual one lies on an overlay, which cannot do that. Then the tests' process takes a mount namespace
of its own, and a file system in it that can; nothing of it is left when the tests end, or are killed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sandbox import datafolder
from sandbox.linux import machine, mounts

# of what is free, half at most
MOST_BYTES = 8 << 30


class Folder:
    """Where `tempfile` and `tmp_path` make their folders from now on; `told` is what there is to say about it."""

    def __init__(self) -> None:
        self.told = ""
        self._made: Path | None = None
        usual = Path(tempfile.gettempdir())
        if not machine.has_capability(machine.CAP_SYS_ADMIN):
            # containers cannot be made, so no layer is mounted
            return
        try:
            if not datafolder.can_be_idmapped(usual):
                self._move(usual)
        except (OSError, datafolder.DataFolderError) as error:
            self.told = f"tests with containers will fail, for want of a folder for image layers (TMPDIR): {error}"

    def _move(self, usual: Path) -> None:
        mounts.private_mounts()
        self._made = Path(tempfile.mkdtemp(prefix="sandbox-tests-"))
        over = datafolder.cover(self._made, MOST_BYTES)
        self._made.chmod(0o1777)
        os.environ["TMPDIR"] = tempfile.tempdir = str(self._made)
        kind = machine.file_system(usual)
        self.told = f"temporary folders: {usual} ({kind}) cannot be id-mapped, so in {self._made}, {_size(over)}"

    def remove(self) -> None:
        """Give up what was made, when no test needs it any more."""
        if self._made is None:
            return
        if os.path.ismount(self._made):
            mounts.unmount(self._made)
        self._made.rmdir()


def _size(over: datafolder.Cover) -> str:
    return f"{over.kind}, {over.bytes / (1 << 30):.1f} GiB"
