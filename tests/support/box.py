"""An image that a test's own registry has: a busybox, two users, and nothing else."""

from __future__ import annotations

from pathlib import Path

from support import oci

PROGRAMS = ("cat", "echo", "sh", "sleep", "true", "yes")
BOX: dict[str, oci.Entry] = {
    "bin/busybox": oci.File(Path("/bin/busybox").read_bytes(), mode=0o755),
    **{f"bin/{name}": oci.Link("busybox") for name in PROGRAMS},
    "etc/passwd": b"root:x:0:0::/:/bin/sh\ndaemon:x:1:1::/:/bin/sh\n",
}
