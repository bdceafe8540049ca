"""Layers unpacked into a store, as a pull does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.images.store import Store
from sandbox.images.unpacker.client import Budget, UnpackError, unpack
from sandbox.model.image import Layer
from sandbox.settings import Settings
from support import oci
from support.oci import Tree

Made = tuple[Settings, Store]


async def unpacked(made: Made, tree: Tree | bytes, blob: bytes | None = None, **lies: Any) -> Path:
    """The folder that a layer becomes; `lies` replace fields of what is known about it."""
    settings, store = made
    data = tree if isinstance(tree, bytes) else oci.tar(tree)
    blob = oci.PACKERS["gzip"](data) if blob is None else blob
    known: dict[str, Any] = {"digest": oci.digest_of(blob), "diff_id": oci.digest_of(data), "size": len(blob)} | lies
    layer = Layer(**known)
    with store.spool() as file:
        file.write(blob)
        await unpack(settings, store, layer, file, Budget(settings.image_bytes, settings.image_files))
    return store.layer_path(layer)


async def refusal(made: Made, tree: Tree | bytes, blob: bytes | None = None, **lies: Any) -> UnpackError:
    """The error that a layer ends with; nothing of it is left on disk."""
    with pytest.raises(UnpackError) as caught:
        await unpacked(made, tree, blob, **lies)
    state = made[0].data_dir
    assert list(state.glob("*/*")) == []
    return caught.value
