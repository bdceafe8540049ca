"""Parses a whole line: splits it as a shell would, reads docker's own options, then the subcommand."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sandbox.docker.cli import help as texts
from sandbox.docker.cli import pasted, shell, wording
from sandbox.docker.cli.command import Command, Printed, Run
from sandbox.docker.cli.errors import USAGE, unavailable_flag, wrong_flag
from sandbox.docker.cli.names import KNOWN, MANAGEMENT
from sandbox.docker.cli.pflag import FlagError, HelpAskedError, scan
from sandbox.docker.cli.verbs import images, pull, run
from sandbox.docker.cli.verbs.flags import GLOBAL
from sandbox.model.plan import UNUSABLE

# Docker still answers -h this way, on stdout (spf13/pflag, deprecated shorthand)
_OLD_HELP = "Flag shorthand -h has been deprecated, use --help\n"
_CURLY = re.compile(r"(?:^|=)[“”‘’„‟«»]")


def parse(line: str) -> Command:
    """Return the command in `line`, any text at all; never raises, and takes time in proportion to the length."""
    line = pasted.continued(line)
    if UNUSABLE.search(line):
        text = "docker: invalid argument: the line holds a character that no program can be given\n"
        return Printed(stderr=text, code=125, hint=wording.BAD_TEXT)
    split = shell.split(line)
    if split.stop is not None:
        return _stopped(line, split, split.stop)
    if len(split.words) > shell.MOST_WORDS:
        text = "bash: /usr/bin/docker: Argument list too long\n"
        return Printed(stderr=text, code=126, hint=wording.MANY_WORDS.format(most=shell.MOST_WORDS))
    return _command(split.texts) if not _curly(split.words) else _curly_quotes()


def _stopped(line: str, split: shell.Split, stop: shell.Stop) -> Printed:
    if stop.kind == "quote":
        text = f"bash: unexpected EOF while looking for matching `{stop.text}'\n"
        return Printed(stderr=text, code=2, hint=wording.OPEN_QUOTE)
    shown = "\\n" if stop.text == "\n" else stop.text
    text = f"docker: unexpected '{shown}': one docker command runs here, without a shell around it\n"
    hint, *offers = _shell_hint(line, split, stop)
    return Printed(stderr=text, code=2, hint=hint, offers=tuple(offers))


def _shell_hint(line: str, split: shell.Split, stop: shell.Stop) -> tuple[str, ...]:
    """Return what to say of an operator, and the line that was perhaps meant."""
    before = _command(split.texts)
    whole = not isinstance(before, Printed) or bool(before.stdout)
    rest = line[stop.position + len(stop.text) :].split(maxsplit=1)
    if stop.text == "\n" or rest[:1] == ["docker"]:
        first = line[: stop.position].strip()
        return (wording.ONE_LINE, first) if whole else (wording.ONE_LINE,)
    reason = wording.NO_SHELL.format(operator=stop.text)
    if not whole:
        return (reason,)
    if not isinstance(before, Run) or not before.args:
        return (reason, line[: stop.position].strip())
    start = split.words[-len(before.args)].start
    inside = f"{line[:start].strip()} sh -c {shell.quote(line[start:].strip())}"
    return (f"{reason} {wording.ASK_SHELL}", inside)


def _curly(words: Sequence[shell.Word]) -> bool:
    return any(not word.quoted and _CURLY.search(word.text) for word in words)


def _curly_quotes() -> Printed:
    text = "docker: typographic quotes are letters to a shell, not quotes: use ' or \"\n"
    return Printed(stderr=text, code=125, hint=wording.QUOTES)


def _command(argv: Sequence[str]) -> Command:
    if not argv:
        return Printed(hint=wording.EMPTY, offers=("docker run hello-world",))
    if argv[0] != "docker":
        return _other_program(argv[0])
    try:
        found = scan(argv[1:], GLOBAL, interspersed=False)
    except FlagError as error:
        return wrong_flag(error, "docker", GLOBAL)
    except HelpAskedError:
        return Printed(stdout=_OLD_HELP + texts.DOCKER)
    asked = {use.flag.field for use in found.uses if use.value is True}
    unavailable = next((use.flag for use in found.uses if use.flag.unavailable), None)
    if unavailable is not None:
        rest = shell.join(["docker", *(argv[1 + index] for index in found.rest)])
        return unavailable_flag(unavailable, (rest,) if found.rest else ())
    if "version" in asked:
        return Printed(stdout=texts.VERSION)
    if "help" in asked or not found.rest:
        return Printed(stdout=texts.DOCKER)
    return _subcommand([argv[1 + index] for index in found.rest])


def _other_program(program: str) -> Printed:
    said = "No such file or directory" if "/" in program else "command not found"
    offers = ("docker run hello-world",)
    return Printed(stderr=f"bash: {program}: {said}\n", code=127, hint=wording.NOT_DOCKER, offers=offers)


def _subcommand(argv: Sequence[str]) -> Command:
    name = argv[0]
    if name in MANAGEMENT:
        return _managed(name, argv[1:])
    if name == "help":
        return _help(argv[1:])
    if name == "version":
        return Printed(stdout=texts.VERSION)
    return _dispatch(name, argv[1:], f"docker {name}")


def _managed(group: str, argv: Sequence[str]) -> Command:
    """Parse `docker image ls` and the like."""
    text = texts.IMAGE if group == "image" else texts.CONTAINER
    if not argv or argv[0] == "--help":
        return Printed(stdout=text)
    name, path = argv[0], f"docker {group}"
    if name == "-h":
        return Printed(stdout=_OLD_HELP + text)
    if name.startswith("-"):
        kind = f"unknown flag: {name.partition('=')[0]}" if name.startswith("--") else _unknown_letter(name)
        return wrong_flag(FlagError(kind), path, GLOBAL)
    if name in MANAGEMENT[group]:
        return _dispatch(MANAGEMENT[group][name], argv[1:], f"{path} {'ls' if name == 'list' else name}")
    tail = f"Usage:  {USAGE[path]}\n\nRun '{path} --help' for more information\n"
    return Printed(stderr=f"docker: unknown command: {path} {name}\n\n{tail}", code=1, hint=wording.COMMANDS)


def _unknown_letter(word: str) -> str:
    return f"unknown shorthand flag: '{word[1:2]}' in {word}"


def _dispatch(name: str, argv: Sequence[str], path: str) -> Command:
    reader: Callable[[Sequence[str], str], Command] | None = _READERS.get(name)
    if reader is None:
        return _unsupported(name, path)
    try:
        return reader(argv, path)
    except HelpAskedError:
        return Printed(stdout=_OLD_HELP + _HELPS[name])


def _unsupported(name: str, path: str) -> Printed:
    shown = path.removeprefix("docker ")
    if name not in KNOWN:
        text = f"docker: unknown command: {path}\n\nRun 'docker --help' for more information\n"
        return Printed(stderr=text, code=1, hint=wording.COMMANDS)
    text = f"docker: '{path}' is not available on this host\n\nRun 'docker --help' for more information\n"
    return Printed(stderr=text, code=1, hint=wording.UNSUPPORTED.format(name=shown))


def _help(argv: Sequence[str]) -> Printed:
    topic = " ".join(argv)
    if not argv:
        return Printed(stdout=texts.DOCKER)
    if topic in _HELPS:
        return Printed(stdout=_HELPS[topic])
    if argv[0] in KNOWN:
        return _unsupported(argv[0], f"docker {argv[0]}")
    return Printed(stderr=f"unknown help topic: {topic}\n", code=1, hint=wording.COMMANDS)


_READERS = {"run": run.parse, "pull": pull.parse, "images": images.parse}
_HELPS = {
    "run": texts.RUN_TEXT,
    "pull": texts.PULL_TEXT,
    "images": texts.IMAGES_TEXT,
    "image": texts.IMAGE,
    "container": texts.CONTAINER,
}
