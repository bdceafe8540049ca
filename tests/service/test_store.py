"""The store's promise: what has a name is whole, and nobody else's to look at."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.images.store import Held, Store, UnknownImageError
from sandbox.model.image import Image, Layer
from support.fake_runner import known_image
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


async def held(store: Store, name: str, size: int) -> Image:
    """An image of one layer in the store."""
    digest = "sha256:" + name * 64
    async with store.building() as folder:
        (folder / "root/file").write_bytes(b"x")
        store.write_down(folder, Held(digest, size, 1))
        store.adopt(folder, digest)
    layer = Layer(digest, digest, size)
    made = replace(known_image("alpine:latest"), reference=f"{name}:latest", id=digest, digest=digest, layers=(layer,))
    await store.save(made)
    return made


async def test_a_full_store_removes_what_was_not_used_for_the_longest_time(tmp_path: Path) -> None:
    settings, store = store_in(tmp_path, store_bytes=7 << 20)
    one, two, three = [await held(store, name, 3 << 20) for name in "abc"]
    store.image(one.id)
    with store.using(two.layers):
        store.make_room()
        assert {image.id for image in store.images()} == {one.id, two.id}
    with pytest.raises(UnknownImageError):
        store.image(three.id)
    with pytest.raises(UnknownImageError):
        store.layer_path(three.layers[0])
    assert len([*settings.data_dir.glob("layers/*")]) == 2


async def test_what_cannot_be_removed_counts_on_and_goes_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, store = store_in(tmp_path, store_bytes=1 << 30)
    one, two = [await held(store, name, 3 << 20) for name in "ab"]
    store._inventory.most = 4 << 20
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", _refused)
        with pytest.raises(PermissionError):
            store.make_room()
    assert store.make_room()
    assert not store.make_room()
    assert store.image(two.id)
    with pytest.raises(UnknownImageError):
        store.layer_path(one.layers[0])
    assert len([*settings.data_dir.glob("layers/*")]) == 1


async def test_an_image_that_is_always_kept_is_not_known_by_another_reference_later(tmp_path: Path) -> None:
    settings, store = store_in(tmp_path, kept_images=("a:latest",))
    made = await held(store, "a", 1)
    await store.save(replace(made, reference=f"a:x@{made.digest}"))
    assert store.image(made.id).reference == "a:latest"
    # one whose record somebody has removed comes again
    (record,) = [*settings.data_dir.glob("images/*.json")]
    record.unlink()
    await store.save(made)
    assert store.image(made.id) == made


def _refused(*_: object) -> None:
    raise PermissionError(errno.EACCES, "a disk in trouble")


async def test_a_store_knows_after_a_restart_what_it_holds_and_what_was_used_last(tmp_path: Path) -> None:
    settings, store = store_in(tmp_path, kept_images=("c:latest",))
    one, two, three = [await held(store, name, 3 << 20) for name in "abc"]
    for age, image in enumerate((one, two, three)):
        # each was used later than the one before; a file system's clock may not tell that
        os.utime(settings.data_dir / f"images/sha256-{image.id[7:]}.json", (1000 + age, 1000 + age))
    store.image(one.id)
    again = Store(replace(settings, store_bytes=4 << 20, kept_images=("c:latest",)))
    again.sweep()
    # what was used last and what is kept stay, however little room there is
    assert {image.id for image in again.images()} == {one.id, three.id}


async def test_what_cannot_be_read_or_has_lost_its_layers_is_removed_at_the_start(tmp_path: Path) -> None:
    settings, store = store_in(tmp_path)
    one, two = [await held(store, name, 1) for name in "ab"]
    shutil.rmtree(store.layer_path(one.layers[0]))
    (settings.data_dir / "images/sha256-c.json").write_text("{}")
    (settings.data_dir / "layers/half").mkdir()
    Store(settings).sweep()
    assert [path.stem for path in settings.data_dir.glob("images/*")] == [two.id.replace(":", "-")]
    assert not (settings.data_dir / "layers/half").exists()


async def test_a_store_has_half_of_the_disk_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, store = store_in(tmp_path)
    one, two, three = [await held(store, name, 3 << 20) for name in "abc"]
    full = os.statvfs_result((4096, 4096, 0, 0, (1 << 20) // 4096, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    again = Store(settings)
    again.sweep()
    assert len({one.id, two.id, three.id} & {image.id for image in again.images()}) == 1


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
