"""What a layer costs beside its bytes is counted, whatever it is made of."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from sandbox.images.unpacker.effort import Effort, TooMuch
from sandbox.images.unpacker.layer import Layer
from sandbox.images.unpacker.tarstream import Tar
from support import oci
from support.oci import File, Folder, Link, Node, Tree

DEEP = "d/" * 60
SPARSE = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "f", "GNU.sparse.size": "500"}
LAYERS: dict[str, Tree] = {
    "headers": [(f"n{number}", Node(tarfile.FIFOTYPE)) for number in range(60)],
    "the same folder": [("d/", Folder())] * 60,
    "records": {"f": File(pax={f"a{number}": "1" for number in range(60)})},
    "pieces": {"f": File(pax=SPARSE | {"GNU.sparse.map": ",".join(f"{at},0" for at in range(60))})},
    "folders on the way": {f"{DEEP}f": b""},
    "links on the way": [("d/", Folder()), ("l", Link("d/../" * 30 + "d")), ("l/f", b"")],
}


def unpack(tree: Tree, folder: Path, most: int) -> None:
    effort, root = Effort(most), os.open(folder, os.O_RDONLY)
    try:
        layer, tar = Layer(root, 1000, effort.spend), Tar(io.BytesIO(oci.tar(tree)).read, step=effort.spend)
        for entry in tar.entries():
            # whose files they are is not what is counted
            entry.uid, entry.gid = os.getuid(), os.getgid()
            layer.add(entry, tar.content())
    finally:
        os.close(root)


@pytest.mark.parametrize("tree", LAYERS.values(), ids=LAYERS)
def test_attack_68_each_step_that_no_bytes_stand_for_counts(tmp_path: Path, tree: Tree) -> None:
    with pytest.raises(TooMuch):
        unpack(tree, tmp_path, 59)


def test_what_is_honest_costs_little(tmp_path: Path) -> None:
    unpack({"usr/bin/tool": b"x", "etc/os-release": b"y"}, tmp_path, 20)
