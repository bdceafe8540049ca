"""Reads the fence `docker-run`: one docker command line in Markdown, which becomes a `<docker-run>` element.

pymdownx.superfences calls `validator` for the options and `fence` for the HTML; both end the build on a wrong fence.
`problems` finds in a whole page what those two would refuse, and also what superfences would silently take for ordinary
text; the plugin adds the file and the line. `fences` yields the fences of a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pymdownx.superfences import SuperFencesException

from docker_run import markup, question
from docker_run.recording.file import Recording

NAME = "docker-run"
_MEASURE = "(memory|cpu|pids|written|read|received|sent)"
_LINE = r"docker [^|]*[^|\s]"
OPTIONS = {
    "id": "[A-Za-z][A-Za-z0-9_-]*",
    "title": ".*\\S.*",
    "lines": "[1-9]|1[0-9]|20",
    # question.py says what is wrong with it
    "predict": ".*",
    "pull": "open",
    "charts": f"{_MEASURE}( {_MEASURE})?",
    "view": "inspection",
    "beside": "[A-Za-z][A-Za-z0-9_-]*",
    "compare": "container (gvisor|vm|gvisor vm)",
    "try": rf"{_LINE}( \| {_LINE}){{0,2}}",
}
_PREFIX = " \t>"
# a fence of backticks has none after them: that is inline code
_FENCE = re.compile(r"(?P<indent>[ \t>]*)(?P<mark>`{3,}(?!.*`)|~{3,})[ \t]*(?P<info>.*?)[ \t]*$")
_OURS = re.compile(r"\{?[ \t]*\.?(?P<name>docker[-_ ]?run)(?![\w-])", re.IGNORECASE)
_OPTION = re.compile(r'[ \t]+([\w-]+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Problem:
    """Says what is wrong with a fence, at a line of the given text, counted from 1."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Fence:
    """A demo of a page: its line, its options, its command line, and its isolation if it names one."""

    line: int
    options: Mapping[str, str]
    command: str
    isolation: str | None = None

    @property
    def id(self) -> str:
        return self.options.get("id", "")


@dataclass(slots=True)
class _Found:
    """Any fence of a page, with its content as far as it was read."""

    line: int
    indent: str
    mark: str
    info: str
    content: list[str] = field(default_factory=list)
    closed: bool = False

    @property
    def ours(self) -> bool:
        return bool(_OURS.match(self.info))

    @property
    def options(self) -> list[tuple[str, str]]:
        return _OPTION.findall(self.info.removeprefix(NAME))


def validator(_: str, inputs: Mapping[str, str], options: dict[str, str], __: dict[str, str], ___: Any) -> bool:
    """Take the options of a fence. SuperFencesException, which ends the build, when one is wrong."""
    for wrong in _wrong_options(inputs):
        raise SuperFencesException(f"{NAME}: {wrong}")
    options.update(inputs)
    return True


def fence(
    source: str,
    _: str,
    __: str,
    options: Mapping[str, str],
    ___: Any,
    *,
    recordings: Mapping[str, Recording] = MappingProxyType({}),
    **____: Any,
) -> str:
    """Return the HTML of a fence; `recordings` are looked up by the ids of its elements.

    SuperFencesException when the content is not one docker command.
    """
    for wrong in _wrong_content(source.splitlines()):
        raise SuperFencesException(f"{NAME}: {wrong}")
    return markup.html_of(source, options, recordings)


def fences(markdown: str) -> Iterator[Fence]:
    """Yield the demos of a page without problems, in order; a fence with `compare` has one for each isolation."""
    for found in _scanned(markdown):
        if found.ours:
            command, options = "".join(line.strip(_PREFIX) for line in found.content), dict(found.options)
            for name, isolation in markup.elements(options):
                yield Fence(found.line, options | {"id": name}, command, isolation)


def problems(markdown: str) -> Iterator[Problem]:
    """Yield what is wrong with the `docker-run` fences of a page; those inside other fences are examples."""
    for found in _scanned(markdown):
        if not found.ours:
            continue
        if found.closed:
            yield from _wrong_fence(found)
        else:
            yield Problem(found.line, f"이 {NAME} 펜스가 닫히지 않았어요")


def unnamed(markdown: str) -> Iterator[Problem]:
    """Yield the fences that cannot be recorded, since a recording is filed under an id of its own."""
    seen = {""}
    for fence in fences(markdown):
        if fence.id in seen:
            wrong = (
                f"이미 있는 id예요: {fence.id}" if fence.id else f'기록하려면 {NAME} 펜스마다 id="이름"이 있어야 해요'
            )
            yield Problem(fence.line, wrong)
        seen.add(fence.id)


def _scanned(markdown: str) -> Iterator[_Found]:
    begun: _Found | None = None
    for number, text in enumerate(markdown.split("\n"), 1):
        found = _FENCE.match(text)
        if begun is None:
            begun = _Found(number, found["indent"], found["mark"], found["info"]) if found else None
        elif found and found["mark"] == begun.mark and not found["info"]:
            begun.closed = True
            yield begun
            begun = None
        else:
            begun.content.append(text)
    if begun:
        yield begun


def _wrong_fence(fence: _Found) -> Iterator[Problem]:
    yield from (Problem(fence.line, text) for text in _wrong_header(fence))
    yield from (Problem(fence.line, text) for text in _wrong_content(fence.content))
    for number, line in enumerate(fence.content, fence.line + 1):
        if line.strip() and len(line) - len(line.lstrip(_PREFIX)) < len(fence.indent):
            yield Problem(number, "명령이 펜스보다 왼쪽에서 시작해요")


def _wrong_header(fence: _Found) -> Iterator[str]:
    if not re.match(rf"{NAME}(?![\w-])", fence.info):
        yield f"펜스의 이름은 {NAME} 이라고만 적어요: {fence.info}"
        return
    left = _OPTION.sub("", fence.info.removeprefix(NAME)).strip()
    if left:
        yield f'옵션은 이름="값" 꼴로 적어요: {left}'
    names = [name for name, _ in fence.options]
    yield from (f"같은 옵션이 두 번 있어요: {name}" for name in sorted({one for one in names if names.count(one) > 1}))
    yield from _wrong_options(dict(fence.options))


def _wrong_options(given: Mapping[str, str]) -> Iterator[str]:
    for name, value in given.items():
        if name not in OPTIONS:
            yield f"모르는 옵션이에요: {name} (쓸 수 있는 옵션: {', '.join(OPTIONS)})"
        elif not re.fullmatch(OPTIONS[name], value):
            yield f"{name} 값을 쓸 수 없어요: {value!r}"
        elif name == "predict":
            yield from _wrong_question(value)


def _wrong_question(value: str) -> Iterator[str]:
    try:
        question.parse(value)
    except ValueError as wrong:
        yield f"predict 값을 쓸 수 없어요. {wrong}"


def _wrong_content(content: list[str]) -> Iterator[str]:
    lines = [line.lstrip(_PREFIX).rstrip() for line in content if line.strip(_PREFIX)]
    if len(lines) != 1:
        yield f"{NAME} 펜스에는 명령을 한 줄만 적어요 ({len(lines)}줄이 있어요)"
    elif not re.match(r"docker(\s|$)", lines[0]):
        yield f"명령은 docker 로 시작해요: {lines[0]!r}"
