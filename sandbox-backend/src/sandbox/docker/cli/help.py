"""Formats the help texts in Docker's layout, with only what this host has."""

from __future__ import annotations

from sandbox.docker.cli.errors import USAGE
from sandbox.docker.cli.pflag import Flag, Table
from sandbox.docker.cli.verbs.flags import IMAGES, PULL, RUN

VERSION = "docker-run-sandbox: not Docker Engine, a small host that answers in the words of Docker 29\n"
_COMMANDS = (
    ("run", "Create and run a new container from an image"),
    ("pull", "Download an image from the registry"),
    ("images", "List the images of this host"),
    ("version", "Say what this is"),
)


def _usage(path: str, about: str, aliases: str, table: Table) -> str:
    options = "\n".join(_lines([flag for flag in table.flags if flag.about]))
    return f"Usage:  {USAGE[path]}\n\n{about}\n\nAliases:\n  {aliases}\n\nOptions:\n{options}\n"


def _lines(flags: list[Flag]) -> list[str]:
    names = [f"{f'-{flag.short}, ' if flag.short else '    '}--{flag.name} {flag.kind}".rstrip() for flag in flags]
    width = max(map(len, names))
    return [f"  {name:{width}}   {flag.about}" for name, flag in zip(names, flags, strict=True)]


def _group(name: str, about: str, commands: tuple[tuple[str, str], ...]) -> str:
    rows = "\n".join(f"  {command:10}  {text}" for command, text in commands)
    more = f"Run 'docker {name} COMMAND --help' for more information on a command."
    return f"Usage:  docker {name} COMMAND\n\n{about}\n\nCommands:\n{rows}\n\n{more}\n"


RUN_ABOUT, PULL_ABOUT, IMAGES_ABOUT = (about for _, about in _COMMANDS[:3])
DOCKER = (
    "Usage:  docker [OPTIONS] COMMAND\n\nA small Docker host inside this page\n\nCommands:\n"
    + "\n".join(f"  {name:10}  {about}" for name, about in _COMMANDS)
    + "\n\nGlobal Options:\n  -v, --version   Say what this is\n\n"
    "Run 'docker COMMAND --help' for more information on a command.\n"
)
RUN_TEXT = _usage("docker run", RUN_ABOUT, "docker container run, docker run", RUN)
PULL_TEXT = _usage("docker pull", PULL_ABOUT, "docker image pull, docker pull", PULL)
IMAGES_TEXT = _usage("docker images", IMAGES_ABOUT, "docker image ls, docker image list, docker images", IMAGES)
CONTAINER = _group("container", "Manage containers", _COMMANDS[:1])
IMAGE = _group("image", "Manage images", (("ls", IMAGES_ABOUT), ("pull", PULL_ABOUT)))
