"""The process that meets a layer's bytes has nothing but the layer's own folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.pulls import store_in

pytestmark = pytest.mark.container

PROBE = """
import json, os, socket, stat, sys
from sandbox.linux import mounts, namespaces
from sandbox.images.unpacker import process as unpack

def fails(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        return True
    return False

order = unpack.Order(**json.loads(sys.argv[1]))
if child := unpack._confine(order):
    os.waitpid(child, 0)
    sys.exit()
os.write(1, json.dumps({
    "files": os.listdir("/"), "above": os.listdir("/.."),
    "pid": os.getpid(), "uid": os.getuid(), "groups": os.getgroups(),
    "network": [name for _, name in socket.if_nameindex()],
    "no device": fails(os.mknod, "n", stat.S_IFCHR | 0o666, os.makedev(1, 3)),
    "no mount": fails(mounts.mount, "tmpfs", "/", "tmpfs"),
    "no namespace": fails(namespaces.unshare, namespaces.CLONE_NEWNS),
    "no chroot": fails(os.chroot, "/"),
    "no foreign user": fails(os.setuid, 70000),
}).encode())
"""


def test_the_child_has_its_folder_and_nothing_else(tmp_path: Path) -> None:
    settings, _ = store_in(tmp_path)
    root = tmp_path / "root"
    root.mkdir()
    os.chown(root, settings.store_uid, settings.store_uid)
    (root / "here").touch()
    values = {"folder": str(root), "first_uid": settings.store_uid, "algorithm": "sha256"}
    order = json.dumps({**values, "bytes": 1000, "files": 10, "seconds": 5})
    command = [sys.executable, "-I", "-c", PROBE, order]
    seen = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert (seen["files"], seen["above"]) == (["here"], ["here"])
    assert (seen["pid"], seen["uid"], seen["groups"], seen["network"]) == (1, 0, [], ["lo"])
    assert all(value for name, value in seen.items() if name.startswith("no "))
