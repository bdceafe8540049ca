"""Parses the arguments after `docker pull` and `docker images`."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.docker.cli import help as texts
from sandbox.docker.cli import wording
from sandbox.docker.cli.command import Command, Images, Printed, Pull
from sandbox.docker.cli.errors import bad_value, unavailable_flag, usage_error, wrong_flag
from sandbox.docker.cli.flags import IMAGES, PULL
from sandbox.docker.cli.pflag import FlagError, Scan, Table, scan
from sandbox.docker.cli.platforms import platform
from sandbox.docker.messages import pull_error
from sandbox.model import reference


def parse_pull(argv: Sequence[str], path: str) -> Command:
    """Parse `docker pull NAME`."""
    found = _scan(argv, path, PULL, texts.PULL_TEXT)
    if isinstance(found, Printed):
        return found
    if len(found.rest) != 1:
        hint = wording.ONE_IMAGE if found.rest else wording.try_line(wording.NO_IMAGE, f"{path} alpine")
        return usage_error(path, "requires 1 argument", hint)
    name, values = argv[found.rest[0]], {use.flag.field: use.value for use in found.uses}
    try:
        reference.parse(name)
    except reference.InvalidReferenceError as error:
        return Printed(stderr=f"{error}\n", code=1, hint=wording.BAD_IMAGE)
    try:
        wanted = platform(values.get("platform", ""))
    except ValueError as error:
        return Printed(stderr=pull_error(str(error)), code=1, hint=bad_value("platform"))
    return Pull(name, quiet=values.get("quiet", False), platform=wanted)


def parse_images(argv: Sequence[str], path: str) -> Command:
    """Parse `docker images [REPOSITORY[:TAG]]`."""
    found = _scan(argv, path, IMAGES, texts.IMAGES_TEXT)
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


def _scan(argv: Sequence[str], path: str, table: Table, help_text: str) -> Scan | Printed:
    try:
        found = scan(argv, table, interspersed=True)
    except FlagError as error:
        return wrong_flag(error, path, table)
    if any(use.flag.field == "help" and use.value for use in found.uses):
        return Printed(stdout=help_text)
    unavailable = next(
        (use.flag for use in found.uses if use.flag.unavailable and use.text not in use.flag.harmless), None
    )
    return found if unavailable is None else unavailable_flag(unavailable)
