"""Reads what a virtual machine's first process reports of its program.

Whoever is root in the guest can write there too, so what comes is checked and bounded: it can be wrong about that one
run, and do nothing more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.oci import log
from sandbox.oci.namespaces import FILES

LONGEST = 8192
# its first process writes two
MOST_LINES = 16


@dataclass(frozen=True, slots=True)
class Started:
    """The program as the guest's kernel sees it (number, namespaces, cgroup), the namespaces of the guest's own first
    process, and the release of its kernel."""

    pid: int
    kernel: str
    cgroup: str
    namespaces: dict[str, int]
    own_namespaces: dict[str, int]


@dataclass(frozen=True, slots=True)
class Refused:
    """The program could not be started; the message is crun's."""

    message: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The program's exit code, or the signal that ended it, and how many processes the guest's kernel has killed for
    want of memory."""

    code: int
    signal: int | None
    oom_kills: int


Report = Started | Refused | Ended
_STARTED = re.compile(r"started (\d{1,7}) (\S{1,100}) (/\S{0,200})((?: \d{1,10}:\d{1,10}){7})")
_ENDED = re.compile(r"(exited|killed) (\d{1,3}) (\d{1,9})")


class Control:
    """The reports in a row of bytes, in whatever pieces they come: those of the first MOST_LINES lines."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = MOST_LINES

    def feed(self, data: bytes) -> list[Report]:
        """The reports that `data` completes; lines that say nothing known are passed over."""
        if not self._left:
            return []
        *lines, rest = (self._rest + data).split(b"\n", self._left)
        self._rest, self._left = rest[:LONGEST], self._left - len(lines)
        reports = (_report(line[:LONGEST].decode("utf-8", "replace")) for line in lines)
        return [report for report in reports if report is not None]


def _report(line: str) -> Report | None:
    if match := _STARTED.fullmatch(line):
        return Started(int(match[1]), match[2], match[3], *_namespaces(match[4]))
    if line.startswith("refused "):
        said = line.removeprefix("refused ")
        # what is no line of crun's log is taken as it is
        return Refused(log.message(said) or said)
    match = _ENDED.fullmatch(line)
    if match is None:
        return None
    number, kills = int(match[2]), int(match[3])
    if match[1] == "exited":
        return Ended(number, None, kills) if number < 256 else None
    return Ended(128 + number, number, kills) if 0 < number < 128 else None


def _namespaces(pairs: str) -> tuple[dict[str, int], dict[str, int]]:
    """The program's namespaces and those of the guest's first process."""
    inside, own = zip(*(map(int, pair.split(":")) for pair in pairs.split()), strict=True)
    return dict(zip(FILES.values(), inside, strict=True)), dict(zip(FILES.values(), own, strict=True))
