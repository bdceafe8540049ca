"""Counts what the store holds, and says what goes when that is too much: what was unused for the longest time. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# what each image and each layer costs on the disk and in memory, however small it is
LEAST = 64 << 10
# who removes them holds up others for so long
MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """A held image: its reference, its bytes and the digests of its layers, each once."""

    reference: str
    bytes: int
    layers: tuple[str, ...]


class Inventory:
    """The images and layers of one store, which may have `most` bytes; images of the references `kept` always stay."""

    def __init__(self, kept: Collection[str]) -> None:
        self.most = 0
        self.bytes = 0
        self._kept = frozenset(kept)
        # a dictionary keeps the order of use: what was used last is put last
        self._images: dict[str, Entry] = {}
        self._layers: dict[str, int] = {}
        self._nameless: dict[str, None] = {}
        self._names: Counter[str] = Counter()
        self._users: Counter[str] = Counter()

    def add_layer(self, digest: str, size: int) -> None:
        """Count a layer of `size` bytes, which no image names yet."""
        self._layers[digest] = size + LEAST
        self._nameless[digest] = None
        self.bytes += self._layers[digest]

    def add_image(self, identity: str, image: Entry) -> None:
        """Count an image, which was used now; it replaces an earlier one of this identity."""
        self._remove_image(identity)
        self._images[identity] = image
        self.bytes += image.bytes + LEAST
        self._names.update(image.layers)
        for digest in image.layers:
            self._nameless.pop(digest, None)

    def touch(self, identity: str) -> None:
        """Note that an image is used now."""
        if identity in self._images:
            self._images[identity] = self._images.pop(identity)

    @contextmanager
    def using(self, digests: Iterable[str]) -> Iterator[None]:
        """Let these layers, and the images that name them, stay for as long as the block lasts."""
        users = frozenset(digests)
        self._users.update(users)
        try:
            yield
        finally:
            _take_away(self._users, users)

    def keeps(self, identity: str) -> bool:
        """Whether an image of this identity is held by a reference that is always kept."""
        return identity in self._images and self._images[identity].reference in self._kept

    def give_up(self) -> tuple[list[str], dict[str, int]]:
        """Return images and layers that have to go, these with their bytes, and count them no more: MOST_AT_ONCE or a
        few more.

        Layers that no image names go first, then images, each with the layers that it alone named. What is used or
        kept stays, and so does the image that was used last.
        """
        images: list[str] = []
        layers = self._give_up_nameless()
        for identity in [*self._images][:-1] if self.bytes > self.most else ():
            if self.bytes <= self.most or len(images) + len(layers) >= MOST_AT_ONCE:
                break
            image = self._images[identity]
            if image.reference not in self._kept and self._users.keys().isdisjoint(image.layers):
                self._remove_image(identity)
                images.append(identity)
                layers |= self._give_up_nameless()
        return images, layers

    def _give_up_nameless(self) -> dict[str, int]:
        gone: dict[str, int] = {}
        for digest in [*self._nameless] if self.bytes > self.most else ():
            if self.bytes <= self.most or len(gone) >= MOST_AT_ONCE:
                break
            if digest not in self._users:
                del self._nameless[digest]
                size = self._layers.pop(digest, 0)
                self.bytes -= size
                gone[digest] = max(0, size - LEAST)
        return gone

    def _remove_image(self, identity: str) -> None:
        image = self._images.pop(identity, None)
        if image is None:
            return
        self.bytes -= image.bytes + LEAST
        _take_away(self._names, image.layers)
        self._nameless |= dict.fromkeys(digest for digest in image.layers if digest not in self._names)


def _take_away(counts: Counter[str], names: Iterable[str]) -> None:
    for name in names:
        counts[name] -= 1
        if not counts[name]:
            del counts[name]
