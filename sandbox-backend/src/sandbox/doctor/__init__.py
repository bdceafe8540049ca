"""Each need of the machine, met or not, with the command that mends it; and the way that the machine goes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TextIO

from sandbox.doctor.needs import NEEDS, PRIVILEGES, Need, look
from sandbox.doctor.ways import Way, way
from sandbox.settings import Settings

__all__ = ["Finding", "Way", "examine", "main", "report", "table", "unmet", "way"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One need as it was found: `found` is what the probe saw. Without an `optional` one all the rest works. What was
    not `tried` may be met all the same."""

    name: str
    met: bool
    found: str
    why: str
    mend: str
    command: str
    optional: bool = False
    tried: bool = True


def examine(settings: Settings, needs: Sequence[Need] = NEEDS) -> list[Finding]:
    """Look at every need. Takes some hundredths of a second, and KVM some seconds; changes nothing."""
    findings: list[Finding] = []
    without = ""
    for need in needs:
        findings.append(_finding(need, settings, without))
        if need in PRIVILEGES and not findings[-1].met:
            without = without or need.name
    return findings


def unmet(settings: Settings) -> list[Finding]:
    """What `serve` does not start without and this machine does not have."""
    needed = [need for need in NEEDS if not need.optional]
    return [finding for finding in examine(settings, needed) if _lacking(finding)]


def _finding(need: Need, settings: Settings, without: str) -> Finding:
    seen = look(need, settings, without)
    known = (need.name, seen.met, seen.found, need.why)
    if seen.mend or seen.met or not seen.tried:
        return Finding(*known, seen.mend, "", need.optional, seen.tried)
    advice = need.advise(settings)
    return Finding(*known, advice.mend, advice.command, need.optional)


def _lacking(finding: Finding) -> bool:
    return finding.tried and not finding.met


def table(findings: Sequence[Finding]) -> str:
    """For people: a line for each need, and below one that is not met why it matters and what mends it."""
    width = max((len(finding.name) for finding in findings), default=0)
    lines = [line for finding in findings for line in _lines(finding, width)]
    return "\n".join([*lines, "", _verdict(findings)])


def _verdict(findings: Sequence[Finding]) -> str:
    lacking = [finding for finding in findings if _lacking(finding)]
    needed = sum(not finding.optional for finding in lacking)
    untried = sum(not finding.tried for finding in findings)
    hidden = f" {untried}가지는 권한이 있어야 볼 수 있어요." if untried else ""
    if needed:
        return f"{needed}가지가 모자라요.{hidden}"
    return ("꼭 있어야 할 것은 모두 갖춰져 있어요." if lacking else "모두 갖춰져 있어요.") + hidden


def _lines(finding: Finding, width: int) -> list[str]:
    mark = "✓" if finding.met else "?" if not finding.tried else "–" if finding.optional else "✗"
    first = f"{mark} {finding.name:<{width}}  {finding.found}"
    if not _lacking(finding):
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
    """Print the way that this machine goes and what was found, as a table or as JSON; 1 when something is missing
    without which `serve` makes no container here."""
    chosen = way(settings)
    if not as_json:
        # the rest may take a virtual machine's time
        print(f"→ MACHINE={chosen.name}: {chosen.why}", flush=True)
    findings = examine(settings)
    if as_json:
        answer = {"way": asdict(chosen), "needs": [asdict(finding) for finding in findings]}
        print(json.dumps(answer, ensure_ascii=False))
    else:
        report(findings, sys.stdout)
    return 1 if any(_lacking(finding) and not finding.optional for finding in findings) else 0
