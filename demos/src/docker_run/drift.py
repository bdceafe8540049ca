"""What of a run may differ from the next one of the same command; what is left after that has to be the same.

`steady` takes a run's events to a form that two runs share. Fields first, by type; then the text, by rules that each
say why. A fact that a page teaches (the output, the code, who chose the argv, present or missing) is never touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from docker_run.recording import Event

# how many there are, and when, depends on how fast the machine is: what they lead to is in other events
PASSING = frozenset({"heartbeat", "queued", "stats", "pull", "inspection"})
VARYING = {
    "accepted": ("run", "host"),
    # whose image it is, and with it the size and the digest: a stand-in is made of the machine's own programs
    "image": ("provenance",),
    "pulled": ("digest", "bytes"),
    "created": ("container", "image_digest", "root_bytes", "created_ms", "system_bytes"),
    "started": ("pid", "namespaces", "cgroup", "kernel", "start_ms", "guest"),
    "exited": ("wall_ms", "cpu_ms", "peak_memory_bytes"),
}


class Rule(NamedTuple):
    """Writes `name` in the place of what `pattern` finds, because of `reason`."""

    name: str
    pattern: str
    reason: str


_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d+"
RULES = (
    Rule("layers", r"(?:^[0-9a-f]{12}: [A-Z][\w ]+\n)+", "layers come side by side, in any order and number of states"),
    Rule(
        "id",
        r"\b(?:[0-9a-f]{64}|[0-9a-f]{32}|(?=[a-f]*\d)[0-9a-f]{12})\b",
        "of containers, hosts, layers, and of images, which are made anew on each machine",
    ),
    Rule("sizes", r"(?<=<id>)(?: +[\d.]+[kMG]?B)+ *", "of such an image, in a list; the columns move with them"),
    Rule("inode", r"(?<=:\[)\d{10}(?=\])", "the kernel goes on counting namespaces"),
    Rule("build", r"(?<=<kernel> )(?:\(.*\) )?#\d+ .*?(?= x86_64| aarch64|$)", "each machine has its own kernel"),
    Rule("architecture", r"\b(?:x86_64|aarch64)\b", "both are served"),
    Rule("cgroups", r"(?:^\d+:[\w=,]*:/.*\n?)+", "one line for each hierarchy that the machine has"),
    Rule("date", rf"\b{_DAY}(?: \d\d:\d\d(?::\d\d)?(?: [A-Z]+)?)?(?: +\d{{4}})?", "when it ran"),
    Rule("time", r"\b\d\d:\d\d:\d\d\b", "when it ran"),
    Rule("uptime", r"\bup .*, +load average: .*", "how long the machine has been up, and how busy it is"),
    Rule("memory", r"^(?:Mem\w*|Swap|Cached): .*", "each machine has its own"),
    Rule("pid", r"^ *(?!1 )\d+(?= \w+ +\d+:\d\d )", "what the runtime ran before is counted; the first is always 1"),
    Rule("uid", r"(?<=^         0 )\d{10}\b", "each place to run in has user ids of its own"),
    Rule("took", r"\b\d+m ?\d+\.\d+s\b|\b[\d.]+ seconds, .*/s\b", "how fast the machine is"),
)

KERNELS = ("boot", "kernel-log")
# whose whole output is a number of the machine's
COUNTING = ("nproc",)


def steady(events: Iterable[Event]) -> list[str]:
    """One line for each thing that has to be the same in the next run, in a form to be compared and read."""
    # what a machine's kernel says has its times and numbers in it, and comes in pieces or not at all
    kept = [event for event in events if event["type"] not in PASSING and event.get("code") not in KERNELS]
    texts = {"stdout": "", "stderr": ""}
    lines = []
    for event in kept:
        if event["type"] == "output":
            # how the text was cut, and how the two streams were mixed, is chance
            texts[event["stream"]] += event["text"]
        else:
            lines.append(json.dumps(_masked(event), ensure_ascii=False, sort_keys=True))
    if _program(kept) in COUNTING:
        texts["stdout"] = re.sub(r"^\d+$", "<number>", texts["stdout"], flags=re.MULTILINE)
    facts = _facts(kept)
    return [_ruled(text, facts) for text in (*lines, *(f"{stream}\n{text}" for stream, text in texts.items()))]


def _masked(event: Event) -> Event:
    varying = {"at", *VARYING.get(event["type"], ())}
    return {name: value for name, value in event.items() if name not in varying}


def _program(events: list[Event]) -> str:
    """The first word of the CMD that was asked for."""
    command: dict[str, Any] = next((event["command"] for event in events if event["type"] == "accepted"), {})
    return str(next(iter(command.get("args") or ()), ""))


def _facts(events: list[Event]) -> dict[str, str]:
    """Values of this very run that its own output may repeat, by what they stand for."""
    started: dict[str, Any] = next((event for event in events if event["type"] == "started"), {})
    found = {started.get("kernel"): "<kernel>", started.get("cgroup"): "<cgroup>"}
    return {str(value): name for value, name in found.items() if value}


def _ruled(text: str, facts: dict[str, str]) -> str:
    for value, name in facts.items():
        text = text.replace(value, name)
    for rule in RULES:
        text = re.sub(rule.pattern, f"<{rule.name}>", text, flags=re.MULTILINE)
    return text
