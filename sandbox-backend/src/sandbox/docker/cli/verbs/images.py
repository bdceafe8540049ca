"""Parses the arguments after `docker images` (or `docker image ls`)."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.docker.cli import help as texts
from sandbox.docker.cli import wording
from sandbox.docker.cli.command import Command, Images, Printed
from sandbox.docker.cli.errors import usage_error
from sandbox.docker.cli.verbs.arguments import scanned
from sandbox.docker.cli.verbs.flags import IMAGES


def parse(argv: Sequence[str], path: str) -> Command:
    """Parse `docker images [REPOSITORY[:TAG]]`."""
    found = scanned(argv, path, IMAGES, texts.IMAGES_TEXT)
    if isinstance(found, Printed):
        return found
    if len(found.rest) > 1:
        return usage_error(path, "requires at most 1 argument", wording.ONE_IMAGE)
    values = {use.flag.field: use.value for use in found.uses}
    return Images(
        quiet=values.get("quiet", False),
        no_trunc=values.get("no_trunc", False),
        digests=values.get("digests", False),
        reference=argv[found.rest[0]] if found.rest else None,
    )
