"""Guesses what a reader meant: changes a line that cannot work step by step until it can.

Every step is a small pure change of the line; the first line that docker would take becomes the hint, if it holds here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

from sandbox.docker.cli import Printed, pasted, shell
from sandbox.docker.cli.names import KNOWN, MANAGEMENT, PROGRAMS, SUPPORTED, near
from sandbox.docker.cli.wording import NOT_DOCKER, ONE_LINE, QUOTES
from sandbox.hints import before, gate, keyboard, options, taken, text, wording
from sandbox.hints.options import is_known, meant_flag
from sandbox.hints.world import World

_FIRST = re.compile(r"^[^ \t]+")
_SECOND = re.compile(r"^(docker[ \t]+)([^ \t]+)")
_ADDRESS = re.compile(
    r"(?<=[ \t])(?:https?://)?(?:[\w-]+\.)+[a-z]+/(?:_/|r/|layers/|library/|repository/docker/)*(?=[a-z0-9])"
)
# an image has a page of its tags, and one for each of them
_HUB, _END = r"(?<=[ \t])(?:https?://)?hub\.docker\.com/", r"(?=[ \t]|$)"
_TAB = re.compile(rf"({_HUB}(?:_|r/\w+)/[\w.-]+)/?(?:tags|builds|dockerfile)?/?(?:[?#]\S*)?{_END}")
_LAYERS = re.compile(rf"{_HUB}layers/(?:library/)?([\w./-]+?)/([\w.-]+)(?:/images/\S*)?{_END}")
_OTHER_NAMES = frozenset({"podman", "nerdctl", "도커"})
# a word that ends in a slash which is none of a path
_SLASH = re.compile(r"(?<=[ \t])[a-z0-9][\w.:/-]*+(?<=/)(?=[ \t]|$)")
_QUOTE = re.compile("(['\"])")
Step = Callable[[str], Iterator[str]]


def repaired(line: str, world: World) -> str | None:
    """Return a hint with a line that works, when a few small changes lead to one; or with what else is in its way."""
    reason, current = "", line.strip()
    if len(current) > text.LONGEST_SESSION or _works(current, world):
        return None
    session = pasted.command(current) if "\n" in current else None
    if session:
        reason, current = ONE_LINE if session != pasted.flat(current) else "", session
        if reason and _works(current, world):
            said, found = gate.mended(current, world)
            return _joined(reason, said) if found is None else wording.try_line(_joined(reason, said), found)
    if len(current) > text.LONGEST_LINE:
        return None
    for step, why in itertools.takewhile(lambda _: not world.tries.are_over, _STEPS):
        for changed in step(current):
            if changed == current:
                continue
            if _works(changed, world):
                said, found = gate.mended(changed, world)
                if found is not None:
                    return wording.try_line(_joined(reason or why, said), found)
                if step not in _GUESSES:
                    return _joined(_named(reason, why, current, changed), said)
            elif step not in _GUESSES:
                current, reason = changed, reason or why
    return None


def _works(line: str, world: World) -> bool:
    """Return whether docker would do something; what it does not take here is an answer, too, which says why."""
    command = world.parse(line)
    if command is None:
        return False
    if not isinstance(command, Printed):
        return True
    if command.stdout or not command.offers or not line.startswith("docker "):
        return bool(command.stdout)
    # of a long name with one hyphen docker's answer is about other options
    return not next(taken.two_hyphens(line), "")


def _joined(first: str, second: str) -> str:
    return f"{first} {second}".strip()


def _named(reason: str, why: str, before: str, after: str) -> str:
    """Return the reason; of an option whose line is not offered, with what it should have been."""
    if reason or why != wording.FLAG:
        return reason or why
    pairs = zip(text.words(before).texts, text.words(after).texts, strict=False)
    written, meant = next(((one, other) for one, other in pairs if one != other), ("", ""))
    return wording.MEANT_FLAG.format(written=written.partition("=")[0], meant=meant)


def _spaces(line: str) -> Iterator[str]:
    yield text.spaces(line)


def _full_width(line: str) -> Iterator[str]:
    yield text.full_width(line)


def _curly(line: str) -> Iterator[str]:
    yield text.curly(line)


def _dashes(line: str) -> Iterator[str]:
    yield text.dashes(line)


def _continued(line: str) -> Iterator[str]:
    yield text.continued(line)


def _keyboard(line: str) -> Iterator[str]:
    """Read what was typed with the keyboard set to Korean, quoted words left as they are."""
    typed = _QUOTE.split(line, maxsplit=1)
    letters = keyboard.letters(typed[0])
    if near(letters.partition(" ")[0].lower(), ("docker",)):
        yield letters + "".join(typed[1:])


def _program(line: str) -> Iterator[str]:
    match = _FIRST.match(line)
    if match is None or match[0] == "docker":
        return
    first, rest = match[0], line[match.end() :]
    lower = first.lower().rstrip(",.;:")
    if lower in _OTHER_NAMES or near(lower, ("docker",)):
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
    if match[2] == "docker":
        yield f"docker{rest}"
        return
    name, hyphen, written = match[2].partition("-")
    if hyphen and name in SUPPORTED:
        yield f"{match[1]}{name} -{written}{rest}"
        return
    meant = near(match[2].lower(), (*SUPPORTED, "image", "container"))
    if meant is not None:
        yield f"{match[1]}{meant}{rest}"


def _two_hyphens(line: str) -> Iterator[str]:
    yield from taken.two_hyphens(line)


def _flag(line: str) -> Iterator[str]:
    """Replace the first word that is no flag, if it is nearly one: docker looks no further."""
    words = itertools.takewhile(lambda word: word.text != "--", text.words(line).words[2:])
    word = next((word for word in words if not is_known(word.text)), None)
    meant = word and (options.apart(word.text) or meant_flag(word.text))
    if word and meant:
        yield line[: word.start] + meant + line[word.end :]


def _upper_case(line: str) -> Iterator[str]:
    """Replace the first word that has capital letters, perhaps an image."""
    for word in text.words(line).words[2:]:
        if word.text != word.text.lower() and word.text[:1] != "-" and "=" not in word.text:
            yield line[: word.start] + shell.quote(word.text.lower()) + line[word.end :]
            return


def _apart(line: str) -> Iterator[str]:
    yield from taken.joined(line)


def _slash(line: str) -> Iterator[str]:
    yield _SLASH.sub(lambda match: match[0].rstrip("/"), line, count=1)


def _address(line: str) -> Iterator[str]:
    """Drop the address of a page from an image's name, and which of its pages it is."""
    line = _LAYERS.sub(r"\1:\2", line, count=1)
    yield _ADDRESS.sub("", _TAB.sub(r"\1", line, count=1), count=1)


def _no_run(line: str) -> Iterator[str]:
    match = _SECOND.match(line)
    if match is not None and match[2] not in KNOWN:
        yield f"{match[1]}run {line[match.end(1) :]}"


def _no_docker(line: str) -> Iterator[str]:
    match = _FIRST.match(line)
    if match is not None and match[0] != "docker":
        yield f"docker run {line}"


def _inside(line: str) -> Iterator[str]:
    match = _FIRST.match(line)
    if match is not None and match[0] in PROGRAMS:
        yield f"docker run alpine {line}"


_STEPS: tuple[tuple[Step, str], ...] = (
    (_spaces, wording.SPACES),
    (_full_width, wording.FULL_WIDTH),
    (_curly, QUOTES),
    (_dashes, wording.DASHES),
    (_continued, wording.CONTINUED),
    (_keyboard, wording.KEYBOARD),
    (before.prompt, wording.PROMPT),
    (before.behind_others, ONE_LINE),
    (before.given_to_a_shell, wording.PREFIX),
    (before.prefix, wording.PREFIX),
    (before.sudo, wording.SUDO),
    (_program, wording.PROGRAM),
    (_subcommand, wording.SUBCOMMAND),
    (_two_hyphens, wording.ONE_HYPHEN),
    (_flag, wording.FLAG),
    (_flag, wording.FLAG),
    (_apart, wording.APART),
    (_slash, wording.SLASH),
    (_upper_case, wording.UPPERCASE),
    (_address, wording.ADDRESS),
    (_no_run, wording.NO_RUN),
    (_inside, NOT_DOCKER),
    (_no_docker, wording.NO_RUN),
)
# these replace a meaning rather than a spelling, so a later step does not build on them
_GUESSES = frozenset({_apart, _no_run, _inside, _no_docker})
