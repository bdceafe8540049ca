"""Reads the Dockerfiles of the teaching images: the few instructions that these use, and an error for all others.

Pure. FROM scratch, ARG, LABEL, ENV, CMD as a list, and ADD or COPY of one source into `/`; the meaning is that of the
Dockerfile reference. What is not known here is never passed over in silence.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sandbox.local_registry.server import RegistryError

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w*))")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction as it is written: where it begins, its keyword, and the rest with its lines joined."""

    line: int
    keyword: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one instruction adds to an image: settings of its configuration, or with `source`, a path of the build
    context, a layer; `extract` unpacks it when it is a tar."""

    instruction: Instruction
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    cmd: tuple[str, ...] | None = None
    source: str = ""
    extract: bool = False


class DockerfileError(RegistryError):
    """A Dockerfile that cannot be built here; the text names its line."""

    def __init__(self, at: Instruction, problem: str) -> None:
        super().__init__(f"Dockerfile:{at.line}: {at.keyword}: {problem}")


def steps(text: str, arguments: Mapping[str, str]) -> list[Step]:
    """The steps after `FROM scratch`, with the build arguments put in. DockerfileError for what is not known here."""
    first, *rest = _instructions(text) or [Instruction(1, "FROM", "")]
    if (first.keyword, first.text) != ("FROM", "scratch"):
        raise DockerfileError(first, "only images FROM scratch are built here")
    declared: dict[str, str] = {}
    found = [_step(instruction, declared, arguments) for instruction in rest]
    if unused := sorted(arguments.keys() - declared.keys()):
        raise DockerfileError(first, f"no ARG takes {', '.join(unused)}")
    return found


def _instructions(text: str) -> list[Instruction]:
    found: list[Instruction] = []
    start, joined = 0, ""
    for number, line in enumerate(map(str.rstrip, text.splitlines()), start=1):
        if not line or line.lstrip().startswith("#"):
            continue
        start, joined = (start, joined + line) if joined else (number, line.lstrip())
        if joined.endswith("\\"):
            joined = joined[:-1]
        else:
            found.append(_instruction(start, joined))
            joined = ""
    if joined:
        raise DockerfileError(_instruction(start, joined), "the last line ends in \\")
    return found


def _instruction(line: int, text: str) -> Instruction:
    keyword, _, rest = text.partition(" ")
    return Instruction(line, keyword.upper(), rest.strip())


def _step(at: Instruction, declared: dict[str, str], arguments: Mapping[str, str]) -> Step:
    """One instruction's step; `declared` grows with each ARG."""
    match at.keyword:
        case "ARG" if at.text in arguments:
            declared[at.text] = arguments[at.text]
            return Step(at)
        case "ARG":
            raise DockerfileError(at, f"no value is given for {at.text}")
        case "LABEL":
            return Step(at, labels=dict(_pairs(at, declared)))
        case "ENV":
            return Step(at, env=dict(_pairs(at, declared)))
        case "CMD":
            return Step(at, cmd=_list(at))
        case "ADD" | "COPY":
            return Step(at, source=_source(at, declared), extract=at.keyword == "ADD")
    raise DockerfileError(at, "this instruction is not known here")


def _pairs(at: Instruction, declared: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for word in _words(at, declared):
        name, sign, value = word.partition("=")
        if not name or not sign:
            raise DockerfileError(at, f"{word} is not NAME=VALUE")
        yield name, value


def _words(at: Instruction, declared: Mapping[str, str]) -> list[str]:
    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in declared:
            raise DockerfileError(at, f"{found[0]} is no ARG before this line")
        return declared[name]

    try:
        return [_VARIABLE.sub(value, word) for word in shlex.split(at.text)]
    except ValueError as error:
        raise DockerfileError(at, str(error)) from error


def _list(at: Instruction) -> tuple[str, ...]:
    try:
        words = json.loads(at.text)
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise DockerfileError(at, 'only a list is known here, as in CMD ["sh"]')
    return tuple(words)


def _source(at: Instruction, declared: Mapping[str, str]) -> str:
    words = _words(at, declared)
    if len(words) != 2 or words[0].startswith("--") or words[1] != "/":
        raise DockerfileError(at, "only one source and the target / are known here")
    if words[0].startswith("/") or ".." in words[0].split("/"):
        raise DockerfileError(at, f"{words[0]} is outside of the build context")
    return words[0]
