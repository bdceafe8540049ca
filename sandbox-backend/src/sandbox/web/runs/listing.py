"""Lists the images of one Docker host as `docker images` does: which rows, and in which of its forms. Pure."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from sandbox.docker import messages
from sandbox.docker.cli import Images
from sandbox.model import reference as references
from sandbox.model.image import Image

DAY = 24
# no name is longer, or has other characters, and what is made of a pattern costs memory and time
LONGEST_PATTERN = 512
_NAMES = re.compile(r"[\w./:@*?!^\[\]\\-]*", re.ASCII)


def table(asked: Images, images: Mapping[str, Image], used: Iterable[str], now: datetime) -> str:
    """Return what docker prints; `images` by their familiar names, `used` the names that containers run from."""
    rows = [(references.parse(name), image) for name, image in sorted(images.items())]
    wanted = _pattern(asked.reference)
    rows = [(name, image) for name, image in rows if wanted(name.familiar) or wanted(name.familiar_name)]
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


def _pattern(text: str | None) -> Callable[[str], object]:
    """What holds for the names that are asked for."""
    if text is None:
        return bool
    if len(text) > LONGEST_PATTERN or not _NAMES.fullmatch(text):
        return lambda _: False
    # not by fnmatchcase, which keeps 32,768 of them
    return re.compile(fnmatch.translate(text)).match
