"""Drops what stands before docker in a line: prompts, other commands, and programs that start others.

Each step yields the changed line, and is one of those of `corrections`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from sandbox.docker.cli import pasted
from sandbox.hints import tables, text

# a prompt without a command of docker behind it
_PROMPT = re.compile(r"^(?:[^\s$#%>❯]*[$#%❯]|>|PS [^>]*>|[A-Z]:[^>]*>)[ \t]*(?=\S)")
_SUDO = re.compile(r"^sudo[ \t]+(?:-\S+[ \t]+)*")
_NUMBER = re.compile(r"[0-9.]+[smhd]?")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=\S*")
# docker itself, as it stands in a folder or is called on Windows
_DOCKER = re.compile(r"(?:^|(?<=[\s\"']))(?:\"[^\"\n]*[\\/]|[^\s\"']*[\\/])?docker(?:\.exe)?\"?(?=\s|$)")
_SEPARATOR = re.compile(r"[/\\]")
_WINDOWS_SHELLS = frozenset({"cmd", "powershell", "pwsh"})
_MOST_COMMANDS = 4


def prompt(line: str) -> Iterator[str]:
    """Drop a prompt."""
    yield pasted.command(line) or _PROMPT.sub("", line, count=1)


def sudo(line: str) -> Iterator[str]:
    """Drop `sudo` and its options."""
    yield _SUDO.sub("", line)


def behind_others(line: str) -> Iterator[str]:
    """Take the docker command that comes after those of other programs; one that a pipe feeds is left to its shell."""
    rest = line
    for _ in range(_MOST_COMMANDS):
        split = text.words(rest)
        if split.texts[:1] == ("docker",) or split.stop is None or split.stop.text not in ("&&", "||", ";", "&"):
            break
        rest = rest[split.stop.position + len(split.stop.text) :].lstrip()
    if rest != line and rest.startswith("docker "):
        yield rest


def given_to_a_shell(line: str) -> Iterator[str]:
    """Take the docker command out of the quotes in which another shell has it."""
    split = text.words(line)
    first, *options, last = split.texts if len(split.texts) > 2 else ("", "")
    is_shell = _name(first) in tables.SHELLS | _WINDOWS_SHELLS
    if split.stop is None and is_shell and last.startswith("docker ") and all(one[0] in "-/" for one in options if one):
        yield last.strip()


def prefix(line: str) -> Iterator[str]:
    """Drop what stands before docker: programs that start others, variables, the folder that it is in."""
    match = _DOCKER.search(line)
    if match is None:
        return
    before = line[: match.start()].split()
    if before != ["sudo"] and all(_starts_others(*pair) for pair in itertools.pairwise(["", *before])):
        yield f"docker{line[match.end() :]}"


def _starts_others(previous: str, word: str) -> bool:
    """Return whether a word is a program that starts others, or a variable, an option or a number before one."""
    return bool(
        {word.lower(), _name(word)} & tables.PREFIXES
        or word.startswith("-")
        or previous.startswith("-")
        or _ASSIGNED.fullmatch(word)
        or _NUMBER.fullmatch(word)
    )


def _name(word: str) -> str:
    """Return a program without its folder, and without what Windows puts behind its name."""
    return _SEPARATOR.split(word.lower().removesuffix(".exe"))[-1]
