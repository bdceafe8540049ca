"""Keeps images on disk by content: `layers/<algorithm>-<hex>/` and `images/<algorithm>-<hex>.json` in the data folder.

A layer comes into being under `tmp/` and gets its name by one rename when its blob's digest has been checked, so that
a name is a promise whenever the process is killed. All folders above the files belong to root alone: no program of the
machine reads, maps or runs what is shared with containers. `owner` holds the user id that the files were unpacked for.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from sandbox.images import names, threads
from sandbox.images.inventory import Entry, Inventory
from sandbox.images.recent import Recent
from sandbox.linux import files
from sandbox.model import plain
from sandbox.model.image import Image, Layer
from sandbox.settings import Settings

RECORD = "layer.json"
# images that are ready without the disk; the largest has a configuration of a quarter of a megabyte
MOST_KNOWN = 64
BLOCK = 4096
ROOT = "root"


class UnknownImageError(LookupError):
    """An image or layer that is not held."""


@dataclass(frozen=True, slots=True)
class Held:
    """A layer on disk: the digest of its uncompressed tar, that tar's bytes, and how many files came out of it."""

    diff_id: str
    bytes: int
    files: int


class Store:
    """One process at a time owns a store; `lock` orders the pulls within it."""

    def __init__(self, settings: Settings) -> None:
        self._layers, self._images, self._tmp = (settings.data_dir / name for name in ("layers", "images", "tmp"))
        self._owner, self._uid = settings.data_dir / "owner", settings.store_uid
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._known: Recent[str, Image] = Recent(MOST_KNOWN)
        self._kept, self._most = settings.kept_images, settings.store_bytes
        self._inventory = Inventory(self._kept)

    def sweep(self) -> None:
        """Make the folders and remove what a killed process left half done, and layers unpacked for another owner."""
        shutil.rmtree(self._tmp, ignore_errors=True)
        if not self._owner.exists() or self._owner.read_text() != str(self._uid):
            # they come again with the next pull; images go first, as they promise layers
            for folder in (self._images, self._layers):
                shutil.rmtree(folder, ignore_errors=True)
        for folder in (self._layers, self._images, self._tmp):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._owner.write_text(str(self._uid))
        self._take_inventory()
        while self.make_room():
            pass

    def layer_path(self, layer: Layer) -> Path:
        """Return the folder with the layer's files, an overlay's lower layer. UnknownImageError when it is not held."""
        path = self._layers / names.name_of(layer.digest) / ROOT
        if not path.is_dir():
            raise UnknownImageError(f"no layer {layer.digest}")
        return path

    def layer(self, digest: str) -> Held | None:
        """Return what is known of a layer, by its blob's digest; None when it is not held."""
        try:
            text = (self._layers / names.name_of(digest) / RECORD).read_text()
        except FileNotFoundError:
            return None
        return plain.decode(Held, json.loads(text))

    def image(self, identity: str) -> Image:
        """Return the image with this id (its manifest's digest). UnknownImageError when it is not held."""
        known = self._known.get(identity)
        try:
            file = self._images / f"{names.name_of(identity)}.json"
            if known is None:
                known = plain.decode(Image, json.loads(file.read_text()))
                self._known.put(identity, known)
            names.touch(file)
        except (FileNotFoundError, ValueError) as error:
            raise UnknownImageError(f"no image {identity[:80]!r}") from error
        self._inventory.touch(identity)
        return known

    def using(self, layers: Iterable[Layer]) -> AbstractContextManager[None]:
        """Let these layers stay for as long as the block lasts, whatever room is made meanwhile."""
        return self._inventory.using(layer.digest for layer in layers)

    def make_room(self) -> bool:
        """Remove what was not used for the longest time when the store has more than its bytes; whether more has to go
        than was removed at once.

        What is removed has no name at once; its files go in a thread. OSError when something cannot be removed, which
        counts on then. RuntimeError when there is no thread.
        """
        images, layers = self._inventory.give_up()
        # images first, as they promise layers
        for identity in images:
            self._known.forget(identity)
            (self._images / f"{names.name_of(identity)}.json").unlink(missing_ok=True)
        graves = [self._tmp / secrets.token_hex(8) for _ in layers]
        try:
            for digest, grave in zip([*layers], graves, strict=True):
                with suppress(FileNotFoundError):
                    (self._layers / names.name_of(digest)).rename(grave)
                del layers[digest]
        finally:
            for digest, size in layers.items():
                self._inventory.add_layer(digest, size)
            if graves:
                threading.Thread(target=names.remove, args=(graves,), daemon=True).start()
        return bool(images or graves)

    def images(self) -> list[Image]:
        """Return all images whose layers are held, by reference; what another version has written is passed over."""
        found: list[Image] = []
        for file in self._images.glob("*.json"):
            with suppress(ValueError):
                found.append(plain.decode(Image, json.loads(file.read_text())))
        return sorted(found, key=lambda one: (one.reference, one.id))

    async def save(self, made: Image) -> None:
        """Keep an image whose layers are held; a later one of the same id replaces it, unless the reference by which
        that is known is always kept."""
        for layer in made.layers:
            self.layer_path(layer)
        kept = self._images / f"{names.name_of(made.id)}.json"
        if kept.exists() and (self._inventory.keeps(made.id) or self._known.get(made.id) == made):
            names.touch(kept)
            self._inventory.touch(made.id)
            return
        # the disk takes its time
        writing = asyncio.ensure_future(threads.done(threads.DISK, partial(self._write, made)))
        try:
            file = await asyncio.shield(writing)
        except asyncio.CancelledError:
            writing.add_done_callback(names.unlink_written)
            raise
        size = file.stat().st_size
        file.rename(kept)
        self._known.put(made.id, made)
        self._inventory.add_image(made.id, _entry(made, size))

    def _write(self, made: Image) -> Path:
        with tempfile.NamedTemporaryFile(dir=self._tmp, delete=False) as file:
            file.write(plain.line(plain.encode(made)))
            file.flush()
            os.fsync(file.fileno())
        return Path(file.name)

    def spool(self) -> IO[bytes]:
        """Open a file without a name, for a blob on its way: it is gone when the last descriptor of it is."""
        return tempfile.TemporaryFile(dir=self._tmp, buffering=0)

    @asynccontextmanager
    async def building(self) -> AsyncIterator[Path]:
        """Make a folder to unpack a layer in, as `root` below it; removed unless it was adopted."""
        folder = Path(tempfile.mkdtemp(dir=self._tmp))
        try:
            (folder / ROOT).mkdir(mode=0o755)
            yield folder
        finally:
            # in a thread, as a large half-made layer takes longer to remove than runs that stream should wait
            await asyncio.shield(threads.done(threads.DISK, partial(shutil.rmtree, folder, ignore_errors=True)))

    def write_down(self, folder: Path, held: Held) -> None:
        """Put a finished layer and its record on the disk, which may take the disk's time; it has no name yet."""
        (folder / RECORD).write_text(json.dumps(plain.encode(held)))
        # a power cut must not leave a named layer of empty files
        files.sync_file_system(folder)

    def adopt(self, folder: Path, digest: str) -> None:
        """Give a layer that is written down its name."""
        folder.rename(self._layers / names.name_of(digest))
        if (held := self.layer(digest)) is not None:
            self._inventory.add_layer(digest, self._size(held))

    @contextmanager
    def lock(self, digest: str) -> Iterator[asyncio.Lock]:
        """Return the lock of one layer, kept for as long as anyone wants it."""
        lock, users = self._locks.get(digest, (asyncio.Lock(), 0))
        self._locks[digest] = (lock, users + 1)
        try:
            yield lock
        finally:
            lock, users = self._locks.pop(digest)
            if users > 1:
                self._locks[digest] = (lock, users - 1)

    def _take_inventory(self) -> None:
        """Count what is on the disk; what cannot be read, or has lost its layers, is removed."""
        self._inventory = inventory = Inventory(self._kept)
        for folder in self._layers.iterdir():
            try:
                held = plain.decode(Held, json.loads((folder / RECORD).read_text()))
                inventory.add_layer(names.digest_of(folder.name), self._size(held))
            except (OSError, ValueError):
                shutil.rmtree(folder, ignore_errors=True)
        for file in sorted(self._images.glob("*.json"), key=lambda one: one.stat().st_mtime):
            try:
                made = plain.decode(Image, json.loads(file.read_text()))
                for layer in made.layers:
                    self.layer_path(layer)
                inventory.add_image(names.digest_of(file.stem), _entry(made, file.stat().st_size))
            except (UnknownImageError, ValueError):
                file.unlink()
        free = os.statvfs(self._layers)
        inventory.most = min(self._most, (free.f_bavail * free.f_frsize + inventory.bytes) // 2)

    def _size(self, held: Held) -> int:
        """Return about how many bytes a layer has on the disk, which gives each file whole blocks and has room for only
        so many."""
        disk = os.statvfs(self._layers)
        each = disk.f_blocks * disk.f_frsize // disk.f_files if disk.f_files else 0
        return held.bytes + held.files * max(BLOCK, each)


def _entry(image: Image, size: int) -> Entry:
    return Entry(image.reference, size, tuple(dict.fromkeys(layer.digest for layer in image.layers)))
