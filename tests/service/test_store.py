"""The store's promise: what has a name is whole, and nobody else's to look at."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.images.store import Held, Store, UnknownImageError
from support.pulls import store_in


async def test_a_sweep_removes_what_a_killed_process_left_and_keeps_what_has_a_name(tmp_path: Path) -> None:
    settings, store = store_in(tmp_path)
    async with store.building() as folder:
        store.write_down(folder, Held("sha256:" + "b" * 64, 1, 1))
        store.adopt(folder, "sha256:" + "a" * 64)
    (settings.data_dir / "tmp/half").mkdir()
    (settings.data_dir / "tmp/half/file").touch()
    Store(settings).sweep()
    assert list((settings.data_dir / "tmp").iterdir()) == []
    assert store.layer("sha256:" + "a" * 64) == Held("sha256:" + "b" * 64, 1, 1)


async def test_layers_that_were_unpacked_for_other_user_ids_are_unpacked_anew(tmp_path: Path) -> None:
    digest = "sha256:" + "a" * 64
    settings, store = store_in(tmp_path)
    async with store.building() as folder:
        store.write_down(folder, Held("sha256:" + "b" * 64, 1, 1))
        store.adopt(folder, digest)
    (settings.data_dir / "images/sha256-c.json").write_text("{}")
    Store(settings).sweep()
    assert store.layer(digest) is not None
    Store(replace(settings, first_uid=settings.first_uid + 65_536)).sweep()
    assert store.layer(digest) is None
    assert list((settings.data_dir / "images").iterdir()) == []


async def test_nothing_in_the_store_is_open_to_other_users(tmp_path: Path) -> None:
    settings, store = store_in(tmp_path)
    async with store.building() as folder:
        store.write_down(folder, Held("sha256:" + "b" * 64, 1, 1))
        store.adopt(folder, "sha256:" + "a" * 64)
    for folder in (
        *(settings.data_dir / name for name in ("layers", "images", "tmp")),
        *settings.data_dir.glob("layers/*"),
    ):
        status = folder.stat()
        assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (os.getuid(), 0o700)


@pytest.mark.parametrize("identity", ["", "../../etc/passwd", "sha256:" + "f" * 64, "sha256:" + "F" * 64])
def test_an_image_that_is_not_held_is_unknown(tmp_path: Path, identity: str) -> None:
    with pytest.raises(UnknownImageError):
        store_in(tmp_path)[1].image(identity)
