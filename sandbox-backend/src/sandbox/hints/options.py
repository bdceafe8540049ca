"""Reads the options that stand behind the image, where docker takes them for the program."""

from __future__ import annotations

import dataclasses
import re

from sandbox.docker.cli import Run, shell, wording
from sandbox.docker.cli.errors import flag_hint, named_flag
from sandbox.docker.cli.names import distance, near
from sandbox.docker.cli.pflag import Flag, FlagError, Scan, Use, scan
from sandbox.docker.cli.verbs.flags import RUN
from sandbox.docker.cli.verbs.run import is_unavailable
from sandbox.hints import tables
from sandbox.hints import wording as texts
from sandbox.hints.advice import Advice
from sandbox.hints.world import Known

SHORTEST_LONG, SHORTEST_OF_TWO = 3, 6
_REMOVED = re.compile(r"--?rm-?([a-z]+)")


def behind(run: Run, programs: frozenset[str]) -> Advice | None:
    """Return what to say when `run` has options behind its image; None when its first argument is none of docker's."""
    written = run.args[0]
    args = (_meant(written), *run.args[1:])
    reason = texts.BEHIND.format(flag=written.partition("=")[0])
    try:
        found = scan(args, RUN, interspersed=False)
    except FlagError as error:
        return _wrong(str(error), reason)
    if not found.uses:
        return Advice(texts.TWO_HYPHENS, (shell.join(dataclasses.replace(run, args=args[1:]).argv),))
    if any(use.flag.field == "help" for use in found.uses):
        return Advice(f"{reason} {wording.SEE_HELP.format(command='docker run')}")
    unavailable = next((use for use in found.uses if is_unavailable(use)), None)
    if unavailable is not None:
        return Advice(_unavailable(unavailable.flag))
    return _moved(run, args, found, reason, programs)


def _moved(run: Run, args: tuple[str, ...], found: Scan, reason: str, programs: frozenset[str]) -> Advice:
    """Offer the line with its options in front, unless the last one has taken what was the program."""
    first = found.rest[0] if found.rest else len(args)
    last = found.uses[-1]
    if first == len(args) and _ate(last, programs):
        return Advice(f"{reason} {flag_hint(f'flag needs an argument: --{last.flag.name}', 'docker run', RUN)}")
    moved = dataclasses.replace(run, options=(*run.options, *args[:first]), args=args[first:])
    return Advice(reason, (shell.join(moved.argv),))


def _ate(use: Use, programs: frozenset[str]) -> bool:
    return not use.flag.is_boolean and use.last > use.first and use.text.rpartition("/")[2] in programs


def _wrong(message: str, reason: str) -> Advice | None:
    """Return what to say of an option without its value, or with a wrong one."""
    flag = named_flag(message, RUN)
    if flag is None:
        return None
    if flag.unavailable:
        return Advice(_unavailable(flag))
    return Advice(f"{reason} {flag_hint(message, 'docker run', RUN)}")


def _unavailable(flag: Flag) -> str:
    why = wording.UNAVAILABLE[flag.unavailable].korean.format(flag=flag.shown)
    return f"{texts.BEHIND.format(flag=flag.shown)} {why}"


def is_known(word: str) -> bool:
    """Return whether a word is no flag, or one that `docker run` has."""
    if len(word) < 3 or word[0] != "-":
        return True
    name, _, _ = word.lstrip("-").partition("=")
    if word.startswith("--"):
        return name in RUN.by_name
    return not has_one_hyphen(word) and all(letter in RUN.by_letter for letter in name)


def has_one_hyphen(word: str) -> bool:
    """Return whether a word is the long name of a flag behind one hyphen: docker reads the letters of it. So short a
    name is a cluster of letters, too."""
    name, _, _ = word[1:].partition("=")
    return word[:1] == "-" and len(name) >= SHORTEST_LONG and name in RUN.by_name


def meant_flag(word: str) -> str | None:
    """Return the flag that a word with a hyphen was perhaps meant to be: other dashes, other letters, other case."""
    if has_one_hyphen(word):
        return f"-{word}"
    name, equals, value = word.lstrip("-").partition("=")
    lower = name.lower()
    if word.startswith("--") and lower in RUN.by_name:
        return f"--{lower}{equals}{value}"
    if not equals and _is_cluster(word, lower):
        return f"-{lower}"
    if lower in RUN.by_name:
        return f"--{lower}{equals}{value}"
    # a short word after one hyphen is a cluster of letters, near to every short name
    long_enough = word.startswith("--") or len(lower) > 4
    meant = near(lower, tuple(flag.name for flag in RUN.flags if flag.about)) if long_enough else None
    # two letters of so few make another word
    if meant is None or (len(lower) < SHORTEST_OF_TWO and distance(lower, meant) > 1):
        return None
    return f"--{meant}{equals}{value}"


def apart(word: str) -> str | None:
    """Return `--rm` and the switches that were written into one word with it, two words; None for any other word."""
    match = _REMOVED.fullmatch(word)
    return f"--rm -{match[1]}" if match and _is_cluster("--", match[1]) else None


def _is_cluster(word: str, lower: str) -> bool:
    """Return whether a word is made of letters that are flags: after two hyphens only of switches, as in `--it`."""
    flags = [RUN.by_letter.get(letter) for letter in lower]
    if word.startswith("--") and len(flags) > 1:
        return all(flag is not None and flag.is_boolean for flag in flags)
    return all(flags)


def _meant(word: str) -> str:
    return word if is_known(word) else meant_flag(word) or word


def is_label(run: Run) -> bool:
    """Return whether what stands behind the image is docker's `-l key=value`."""
    return run.args[0] == "-l" and len(run.args) > 1 and "=" in run.args[1]


def starts_no_shell(image: Known) -> bool:
    """Return whether what an image starts by itself is no shell."""
    words = (*image.entrypoint, *image.cmd)
    return bool(words) and not any(word.rpartition("/")[2] in tables.SHELLS for word in words)
