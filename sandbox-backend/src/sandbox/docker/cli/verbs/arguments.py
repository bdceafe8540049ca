"""Reads the arguments that every verb has alike: help, and flags that are wrong or that this host does not take."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.docker.cli.command import Printed
from sandbox.docker.cli.errors import unavailable_flag, wrong_flag
from sandbox.docker.cli.pflag import FlagError, Scan, Table, scan


def scanned(argv: Sequence[str], path: str, table: Table, help_text: str) -> Scan | Printed:
    """Read the flags in `argv`; what docker prints instead where help is asked for, or a flag is wrong or not taken."""
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
