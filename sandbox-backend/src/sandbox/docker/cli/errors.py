"""Formats docker's errors of each form, with the exit code and a Korean hint."""

from __future__ import annotations

import re

from sandbox.docker.cli import wording
from sandbox.docker.cli.command import Printed
from sandbox.docker.cli.pflag import Flag, FlagError, Table
from sandbox.docker.messages import daemon_error, pull_error

USAGE = {
    "docker": "docker [OPTIONS] COMMAND [ARG...]",
    "docker run": "docker run [OPTIONS] IMAGE [COMMAND] [ARG...]",
    "docker container run": "docker container run [OPTIONS] IMAGE [COMMAND] [ARG...]",
    "docker pull": "docker pull [OPTIONS] NAME[:TAG|@DIGEST]",
    "docker image pull": "docker image pull [OPTIONS] NAME[:TAG|@DIGEST]",
    "docker images": "docker images [OPTIONS] [REPOSITORY[:TAG]]",
    "docker image ls": "docker image ls [OPTIONS] [REPOSITORY[:TAG]]",
    "docker image": "docker image",
    "docker container": "docker container",
}
_NAMED = re.compile(r'for "(?:-\w, )?--([a-z0-9-]+)" flag|needs an argument: (?:--([a-z0-9-]+)|\'(.)\')')


def wrong_flag(error: FlagError, path: str, table: Table) -> Printed:
    """Return the error for a line that breaks the grammar of flags: pflag's message, the usage, exit code 125."""
    text = f"{error}\n\nUsage:  {USAGE[path]}\n\nRun '{path} --help' for more information\n"
    return Printed(stderr=text, code=125, hint=flag_hint(str(error), path, table))


def usage_error(path: str, complaint: str, hint: str, offers: tuple[str, ...] = ()) -> Printed:
    """Return the error for too few or too many arguments: exit code 1, as cobra gives it."""
    # of the checks in docker/cli `cli/required.go` this one alone says "See"
    verb = "See" if "at least" in complaint else "Run"
    text = f"docker: '{path}' {complaint}\n\nUsage:  {USAGE[path]}\n\n{verb} '{path} --help' for more information\n"
    return Printed(stderr=text, code=1, hint=hint, offers=offers)


def unavailable_flag(flag: Flag, offers: tuple[str, ...] = (), run: bool = False) -> Printed:
    """Return the error for a real flag that this host does not take; `offers` are lines without it.

    Of docker's commands, only `run` gives a daemon's error an exit code of its own.
    """
    why = wording.UNAVAILABLE[flag.unavailable]
    said = f"--{flag.name} is not available on this host: {why.english}"
    hint = why.korean.format(flag=f"--{flag.name}")
    stderr, code = (daemon_error(said), 125) if run else (pull_error(said), 1)
    return Printed(stderr=stderr, code=code, hint=hint, offers=offers)


def bad_value(name: str) -> str:
    """Return the hint for a value that the flag `name` does not take."""
    return wording.BAD_VALUE.format(flag=f"--{name}", example=wording.EXAMPLES[name])


def named_flag(message: str, table: Table) -> Flag | None:
    """Return the flag whose value is missing or wrong, by pflag's own message; None when it is about something else."""
    match = _NAMED.search(message)
    if match is None:
        return None
    return table.by_letter.get(match[3]) if match[3] else table.by_name.get(match[1] or match[2])


def flag_hint(message: str, path: str, table: Table) -> str:
    """Return the hint for a line that breaks the grammar of flags."""
    flag = named_flag(message, table)
    if flag is None or flag.name not in wording.EXAMPLES:
        return wording.SEE_HELP.format(command=path)
    if "needs an argument" not in message:
        return bad_value(flag.name)
    return wording.NEEDS_VALUE.format(flag=f"--{flag.name}", example=wording.EXAMPLES[flag.name])
