"""Parses the arguments after `docker pull` (or `docker image pull`)."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.docker.cli import help as texts
from sandbox.docker.cli import wording
from sandbox.docker.cli.command import Command, Printed, Pull
from sandbox.docker.cli.errors import bad_value, usage_error
from sandbox.docker.cli.platforms import platform
from sandbox.docker.cli.verbs.arguments import scanned
from sandbox.docker.cli.verbs.flags import PULL
from sandbox.docker.messages import pull_error
from sandbox.model import reference


def parse(argv: Sequence[str], path: str) -> Command:
    """Parse `docker pull NAME`."""
    found = scanned(argv, path, PULL, texts.PULL_TEXT)
    if isinstance(found, Printed):
        return found
    if len(found.rest) != 1:
        hint, *offers = (wording.ONE_IMAGE,) if found.rest else (wording.NO_IMAGE, f"{path} alpine")
        return usage_error(path, "requires 1 argument", hint, tuple(offers))
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
