"""Guesses what a reader meant: changes a line that cannot work step by step until it can.

Every step is a small pure change of the line; the first line that docker would take becomes the hint.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator

from sandbox.docker.cli import shell, wording
from sandbox.docker.cli.command import Command, Printed
from sandbox.docker.cli.names import KNOWN, MANAGEMENT, PROGRAMS, SUPPORTED, near
from sandbox.docker.cli.verbs.flags import RUN

# no one types a longer line by hand, and a pasted one is not mended word by word
LONGEST_LINE = 2000
_OUTSIDE = re.compile(r"('[^']*'|\"[^\"]*\")|([^'\"]+)")
_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("“”„‟«»＂", '"'))
_DASH = re.compile(r"(^|[ \t])([‐‑‒–—―−－ー]+)(?=\w)")
_PROMPT = re.compile(r"^(?:[^\s$#%>❯]*[$#%❯]|>|PS [^>]*>|[A-Z]:[^>]*>)[ \t]*(?=\S)")
_SUDO = re.compile(r"^sudo[ \t]+(?:-\S+[ \t]+)*")
_FIRST = re.compile(r"^[^ \t]+")
_SECOND = re.compile(r"^(docker[ \t]+)([^ \t]+)")
_OTHER_ENGINES = frozenset({"podman", "nerdctl"})


def repaired(line: str, read: Callable[[str], Command]) -> str | None:
    """Return a hint with a line that works, when a few small changes lead to one."""
    if len(line) > LONGEST_LINE:
        return None
    reason, current = "", line.strip()
    for step, why in _STEPS:
        for changed in step(current):
            if changed == current:
                continue
            if _works(read(changed)):
                return wording.try_line(reason or why, changed)
            if step not in _GUESSES:
                current, reason = changed, reason or why
    return None


def plain(line: str) -> str:
    """Return `line` with its typographic characters outside straight quotes replaced by those of a shell."""
    for step in (_spaces, _full_width, _curly, _dashes):
        line = next(step(line))
    return line


def _works(command: Command) -> bool:
    return not isinstance(command, Printed) or bool(command.stdout)


def _outside(line: str, change: Callable[[str], str]) -> str:
    return _OUTSIDE.sub(lambda match: match[1] or change(match[2]), line)


def _spaces(line: str) -> Iterator[str]:
    def change(text: str) -> str:
        spaced = (" " if unicodedata.category(c) in ("Zs", "Zl", "Zp") else c for c in text)
        return "".join(c for c in spaced if unicodedata.category(c) != "Cf")

    yield _outside(line, change).strip()


def _full_width(line: str) -> Iterator[str]:
    def change(text: str) -> str:
        return "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)

    yield _outside(line, change)


def _curly(line: str) -> Iterator[str]:
    yield _outside(line, lambda text: text.translate(_QUOTES))


def _dashes(line: str) -> Iterator[str]:
    def change(match: re.Match[str]) -> str:
        word = re.split(r"[\s=]", line[match.end() :], maxsplit=1)[0]
        letters = len(word) == 1 or (word not in RUN.by_name and all(letter in RUN.by_letter for letter in word))
        return match[1] + ("-" if letters else "--")

    yield _DASH.sub(change, line)


def _prompt(line: str) -> Iterator[str]:
    yield _PROMPT.sub("", line, count=1)


def _sudo(line: str) -> Iterator[str]:
    yield _SUDO.sub("", line)


def _program(line: str) -> Iterator[str]:
    match = _FIRST.match(line)
    if match is None or match[0] == "docker":
        return
    first, rest = match[0], line[match.end() :]
    lower = first.lower().rstrip(",.;:")
    if lower in _OTHER_ENGINES or near(lower, ("docker",)):
        yield "docker" + rest
    elif lower.startswith("docker") and lower[6:].lstrip("-_") in SUPPORTED:
        yield f"docker {lower[6:].lstrip('-_')}{rest}"
    elif lower in SUPPORTED or lower in MANAGEMENT:
        yield f"docker {lower}{rest}"
    elif near(lower, ("run", "pull", "images")) and lower not in PROGRAMS:
        yield f"docker {near(lower, ('run', 'pull', 'images'))}{rest}"


def _subcommand(line: str) -> Iterator[str]:
    match = _SECOND.match(line)
    if match is None or match[2] in KNOWN or match[2].startswith("-"):
        return
    rest = line[match.end() :]
    meant = near(match[2].lower(), (*SUPPORTED, "image", "container"))
    if meant is not None:
        yield f"{match[1]}{meant}{rest}"


def _flag(line: str) -> Iterator[str]:
    """Replace the first word that is no flag, if it is nearly one: docker looks no further."""
    words = itertools.takewhile(lambda word: word.text != "--", shell.split(line).words[2:])
    word = next((word for word in words if not _is_known(word.text)), None)
    meant = word and _meant_flag(word.text)
    if word and meant:
        yield line[: word.start] + meant + line[word.end :]


def _is_known(word: str) -> bool:
    if len(word) < 3 or word[0] != "-":
        return True
    name, _, _ = word.lstrip("-").partition("=")
    return name in RUN.by_name if word.startswith("--") else all(letter in RUN.by_letter for letter in name)


def _meant_flag(word: str) -> str | None:
    name, equals, value = word.lstrip("-").partition("=")
    lower = name.lower()
    if word[1] != "-" and not equals and all(letter in RUN.by_letter for letter in lower):
        return f"-{lower}"
    if lower in RUN.by_name:
        return f"--{lower}{equals}{value}"
    # a short word after one hyphen is a cluster of letters, near to every short name
    long_enough = word.startswith("--") or len(lower) > 4
    meant = near(lower, tuple(flag.name for flag in RUN.flags if flag.about)) if long_enough else None
    return None if meant is None else f"--{meant}{equals}{value}"


def _upper_case(line: str) -> Iterator[str]:
    """Replace the first word that has capital letters, perhaps an image."""
    for word in shell.split(line).words[2:]:
        if word.text != word.text.lower() and not word.text.startswith("-"):
            yield line[: word.start] + shell.quote(word.text.lower()) + line[word.end :]
            return


def _no_run(line: str) -> Iterator[str]:
    match = _SECOND.match(line)
    if match is not None and match[2] not in KNOWN:
        yield f"{match[1]}run {line[match.end(1) :]}"


def _inside(line: str) -> Iterator[str]:
    match = _FIRST.match(line)
    if match is not None and match[0] in PROGRAMS:
        yield f"docker run alpine {line}"


_STEPS: tuple[tuple[Callable[[str], Iterator[str]], str], ...] = (
    (_spaces, wording.SPACES),
    (_full_width, wording.FULL_WIDTH),
    (_curly, wording.QUOTES),
    (_dashes, wording.DASHES),
    (_prompt, wording.PROMPT),
    (_sudo, wording.SUDO),
    (_program, wording.PROGRAM),
    (_subcommand, wording.SUBCOMMAND),
    (_flag, wording.FLAG),
    (_flag, wording.FLAG),
    (_upper_case, wording.UPPERCASE),
    (_no_run, wording.NO_RUN),
    (_inside, wording.NOT_DOCKER),
)
# these replace a meaning rather than a spelling, so a later step does not build on them
_GUESSES = frozenset({_no_run, _inside})
