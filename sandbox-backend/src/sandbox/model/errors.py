"""Defines the failures that are ours and never the reader's."""

from __future__ import annotations

# the runner no longer has an image that it had
IMAGE_GONE = "image-gone"


class ServiceError(Exception):
    """This service failed: `code` is stable, `text` Korean for the reader, `detail` for the log only."""

    def __init__(self, code: str, text: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.text, self.detail = code, text, detail


class ImageGoneError(ServiceError):
    """The runner made room and removed the image of a run that has not begun; it can be pulled again."""
