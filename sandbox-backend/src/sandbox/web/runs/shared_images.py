"""Keeps what is known of images once for all Docker hosts that have them, for as long as one of them has."""

from __future__ import annotations

from dataclasses import dataclass, fields
from weakref import WeakValueDictionary

from sandbox.model.image import Image


@dataclass(frozen=True, slots=True)
class _Alias(Image):
    """An image under one more name: all but the names are the parts of `of`, which lives as long as this does."""

    of: Image | None = None


class SharedImages:
    """The images of all hosts. Readers make up as many names of one image as they like, since a tag beside a digest is
    never looked at: a name costs some hundred bytes, the image stays one."""

    def __init__(self) -> None:
        self._named: WeakValueDictionary[tuple[str, str, str], Image] = WeakValueDictionary()
        self._latest: WeakValueDictionary[str, Image] = WeakValueDictionary()
        self._by_id: WeakValueDictionary[str, Image] = WeakValueDictionary()

    def keep(self, image: Image) -> Image:
        """Return what is kept of `image`, which says the same: a digest says what the whole image is."""
        name = image.reference, image.digest, image.id
        kept = self._named.get(name)
        if kept is None:
            kept = self._named[name] = self._of_known_parts(image)
        self._latest[image.reference] = kept
        return kept

    def named(self, reference: str) -> Image | None:
        """Return the image that some host has under this name."""
        return self._latest.get(reference)

    def _of_known_parts(self, image: Image) -> Image:
        like = self._by_id.get(image.id)
        if like is None or like.programs is None:
            self._by_id[image.id] = image
            return image
        parts = {field.name: getattr(like, field.name) for field in fields(Image)}
        return _Alias(**parts | {"reference": image.reference, "digest": image.digest}, of=like)
