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
    return Printed(stderr=text, code=125, hint=_flag_hint(str(error), path, table))


def usage_error(path: str, complaint: str, hint: str) -> Printed:
    """Return the error for too few or too many arguments: exit code 1, as cobra gives it."""
    # of the checks in docker/cli `cli/required.go` this one alone says "See"
    verb = "See" if "at least" in complaint else "Run"
    text = f"docker: '{path}' {complaint}\n\nUsage:  {USAGE[path]}\n\n{verb} '{path} --help' for more information\n"
    return Printed(stderr=text, code=1, hint=hint)


def unavailable_flag(flag: Flag, instead: str = "", run: bool = False) -> Printed:
    """Return the error for a real flag that this host does not take; `instead` is the second half of its hint.

    Of docker's commands, only `run` gives a daemon's error an exit code of its own.
    """
    why = wording.UNAVAILABLE[flag.unavailable]
    said = f"--{flag.name} is not available on this host: {why.english}"
    hint = f"{why.korean.format(flag='--' + flag.name)} {instead}".strip()
    return Printed(stderr=daemon_error(said) if run else pull_error(said), code=125 if run else 1, hint=hint)


def bad_value(name: str) -> str:
    """Return the hint for a value that the flag `name` does not take."""
    return wording.BAD_VALUE.format(flag=f"--{name}", example=wording.EXAMPLES[name])


def _flag_hint(message: str, path: str, table: Table) -> str:
    match = _NAMED.search(message)
    name = match and (match[1] or match[2] or (match[3] and table.by_letter[match[3]].name))
    if match and name in wording.EXAMPLES:
        needs = wording.NEEDS_VALUE.format(flag=f"--{name}", example=wording.EXAMPLES[name])
        return bad_value(name) if match[1] else needs
    return wording.SEE_HELP.format(command=path)
