"""Lists the images of one Docker host as `docker images` does: which rows, and in which of its forms. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from sandbox.docker import messages
from sandbox.docker.cli import Images
from sandbox.model import reference as references
from sandbox.model.image import Image
from sandbox.model.reference import Reference

DAY = 24
LONGEST_PATTERN = 512


def table(asked: Images, images: Mapping[str, Image], used: Iterable[str], now: datetime) -> str:
    """Return what docker prints; `images` by their familiar names, `used` the names that containers run from."""
    rows = [(references.parse(name), image) for name, image in sorted(images.items())]
    rows = [(name, image) for name, image in rows if _asked_for(asked.reference, name)]
    if asked.quiet:
        return messages.images_quiet((image for _, image in rows), asked.no_trunc)
    if asked.digests or asked.no_trunc:
        older = ((image, name, ago(image.created, now)) for name, image in rows)
        return messages.images_digests(older, asked.digests, asked.no_trunc)
    busy = frozenset(used)
    return messages.images_table(messages.Row(image, name.familiar in busy) for name, image in rows)


def ago(created: str, now: datetime) -> str:
    """Return how long ago, as docker says it (go-units `HumanDuration`); `N/A` for a time that is not there."""
    try:
        moment = datetime.fromisoformat(created)
        return f"{_duration(now - moment)} ago"
    except (ValueError, TypeError):
        return "N/A"


def _duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    minutes, hours = seconds // 60, int(span.total_seconds() / 3600 + 0.5)
    steps = (
        (seconds < 1, "Less than a second"),
        (seconds == 1, "1 second"),
        (seconds < 60, f"{seconds} seconds"),
        (minutes == 1, "About a minute"),
        (minutes < 60, f"{minutes} minutes"),
        (hours == 1, "About an hour"),
        (hours < 2 * DAY, f"{hours} hours"),
        (hours < 14 * DAY, f"{hours // DAY} days"),
        (hours < 60 * DAY, f"{hours // DAY // 7} weeks"),
        (hours < 730 * DAY, f"{hours // DAY // 30} months"),
    )
    return next((text for fits, text in steps if fits), f"{seconds // 3600 // DAY // 365} years")


def _asked_for(pattern: str | None, name: Reference) -> bool:
    if pattern is None:
        return True
    # no name is as long, and a pattern costs memory and time that its reader does not wait for
    if len(pattern) > LONGEST_PATTERN:
        return False
    return any(fnmatchcase(text, pattern) for text in (name.familiar, name.familiar_name))
