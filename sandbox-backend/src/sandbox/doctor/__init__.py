"""Each need of the machine, met or not, with the command that mends it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TextIO

from sandbox.doctor import probes
from sandbox.doctor.needs import NEEDS, Need
from sandbox.doctor.probes import Seen
from sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One need as it was found: `found` is what the probe saw. Without an `optional` one all the rest works."""

    name: str
    met: bool
    found: str
    why: str
    mend: str
    command: str
    optional: bool = False


def examine(settings: Settings, needs: Sequence[Need] = NEEDS) -> list[Finding]:
    """Look at every need. Takes a few hundredths of a second, and KVM some seconds; changes nothing."""
    is_root = probes.root(settings).met
    return [_finding(need, _look(need, settings, is_root)) for need in needs]


def unmet(settings: Settings) -> list[Finding]:
    """What `serve` does not start without and this machine does not have."""
    needed = [need for need in NEEDS if not need.optional]
    return [finding for finding in examine(settings, needed) if not finding.met]


def _look(need: Need, settings: Settings, is_root: bool) -> Seen:
    if need.as_root and not is_root:
        return Seen(False, "not tried: only root can")
    try:
        return need.probe(settings)
    except OSError as error:
        return Seen(False, str(error))


def _finding(need: Need, seen: Seen) -> Finding:
    mend, command = (seen.mend, "") if seen.mend else (need.mend, need.command)
    return Finding(need.name, seen.met, seen.found, need.why, mend, command, need.optional)


def table(findings: Sequence[Finding]) -> str:
    """For people: a line for each need, and below one that is not met why it matters and what mends it."""
    width = max((len(finding.name) for finding in findings), default=0)
    lines = [line for finding in findings for line in _lines(finding, width)]
    return "\n".join([*lines, "", _verdict([finding for finding in findings if not finding.met])])


def _verdict(lacking: Sequence[Finding]) -> str:
    needed = sum(not finding.optional for finding in lacking)
    if needed:
        return f"{needed}가지가 모자라요."
    return "꼭 있어야 할 것은 모두 갖춰져 있어요." if lacking else "모두 갖춰져 있어요."


def _lines(finding: Finding, width: int) -> list[str]:
    mark = "✓" if finding.met else "–" if finding.optional else "✗"
    first = f"{mark} {finding.name:<{width}}  {finding.found}"
    if finding.met:
        return [first]
    return [
        first,
        f"    {finding.why}",
        f"    {finding.mend}",
        *([f"    $ {finding.command}"] if finding.command else []),
    ]


def report(findings: Sequence[Finding], stream: TextIO) -> None:
    """Print the table, as `serve` does when it refuses to start."""
    stream.write(table(findings) + "\n")


def main(settings: Settings, as_json: bool = False) -> int:
    """Print what was found, as a table or as JSON; 1 when something is missing without which `serve` does not start."""
    findings = examine(settings)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        report(findings, sys.stdout)
    return 0 if all(finding.met or finding.optional for finding in findings) else 1
