"""Compares two runs of one command, without what may differ by chance.

`steady` brings the events of a run into a form that is equal for every run of the same command: it leaves out fields by
the type of their event, then masks the text by rules that each give a reason. A fact that a page teaches (the output,
the exit code, who chose the argv, present or missing) is never left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from docker_run.recording.file import Event

# how many of these there are, and when, depends on the computer's speed: what they lead to is in other events
PASSING = frozenset({"heartbeat", "queued", "stats", "pull", "inspection"})
# the fields that differ, by the type of the event
VARYING = {
    "accepted": ("run", "host"),
    # whose image it is, and with it the size and the digest: a stand-in is made of the programs of the computer
    "image": ("provenance",),
    "pulled": ("digest", "bytes"),
    "created": ("container", "image_digest", "root_bytes", "created_ms", "system_bytes"),
    "started": ("pid", "namespaces", "cgroup", "kernel", "start_ms", "guest"),
    "exited": ("wall_ms", "cpu_ms", "peak_memory_bytes"),
}


class Rule(NamedTuple):
    """Replaces what `pattern` finds with `name`, because of `reason`."""

    name: str
    pattern: str
    reason: str


_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d+"
RULES = (
    Rule("layers", r"(?:^[0-9a-f]{12}: [A-Z][\w ]+\n)+", "layers come side by side, in any order and number of states"),
    Rule(
        "id",
        r"\b(?:[0-9a-f]{64}|[0-9a-f]{32}|(?=[a-f]*\d)[0-9a-f]{12})\b",
        "of containers, hosts, layers, and of images, which are made anew on each computer",
    ),
    Rule("sizes", r"(?<=<id>)(?: +[\d.]+[kMG]?B)+ *", "of such an image, in a list; the columns move with them"),
    Rule("inode", r"(?<=:\[)\d{10}(?=\])", "the kernel goes on counting namespaces"),
    Rule("build", r"(?<=<kernel> )(?:\(.*\) )?#\d+ .*?(?= x86_64| aarch64|$)", "each computer has its own kernel"),
    Rule("architecture", r"\b(?:x86_64|aarch64)\b", "both are served"),
    Rule("cgroups", r"(?:^\d+:[\w=,]*:/.*\n?)+", "one line for each hierarchy that the kernel has"),
    Rule("date", rf"\b{_DAY}(?: \d\d:\d\d(?::\d\d)?(?: [A-Z]+)?)?(?: +\d{{4}})?", "when it ran"),
    Rule("time", r"\b\d\d:\d\d:\d\d\b", "when it ran"),
    Rule("uptime", r"\bup .*, +load average: .*", "how long the computer has been up, and how busy it is"),
    Rule("memory", r"^(?:Mem\w*|Swap|Cached): .*", "each computer has its own"),
    Rule("pid", r"^ *(?!1 )\d+(?= \w+ +\d+:\d\d )", "what the runtime ran before is counted; the first is always 1"),
    Rule("uid", r"(?<=^         0 )\d{10}\b", "each run gets an id range of its own"),
    Rule("took", r"\b\d+m ?\d+\.\d+s\b|\b[\d.]+ seconds, .*/s\b", "how fast the computer is"),
)

# the codes of the notices that hold kernel messages: full of times and numbers, in any pieces or none
KERNEL_NOTICES = ("boot", "kernel-log")
# programs whose whole output is a number that depends on the computer
COUNTING = ("nproc",)


def steady(events: Iterable[Event]) -> list[str]:
    """Return one readable line for each thing that has to be the same in the next run."""
    kept = [event for event in events if event["type"] not in PASSING and event.get("code") not in KERNEL_NOTICES]
    texts = {"stdout": "", "stderr": ""}
    lines = []
    for event in kept:
        if event["type"] == "output":
            # where the text was cut, and how the two streams were mixed, is chance
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
    """Return the first argument of the CMD in the command line."""
    command: dict[str, Any] = next((event["command"] for event in events if event["type"] == "accepted"), {})
    return str(next(iter(command.get("args") or ()), ""))


def _facts(events: list[Event]) -> dict[str, str]:
    """Return the names that replace values of this run in its own output, by value."""
    started: dict[str, Any] = next((event for event in events if event["type"] == "started"), {})
    found = {started.get("kernel"): "<kernel>", started.get("cgroup"): "<cgroup>"}
    return {str(value): name for value, name in found.items() if value}


def _ruled(text: str, facts: dict[str, str]) -> str:
    for value, name in facts.items():
        text = text.replace(value, name)
    for rule in RULES:
        text = re.sub(rule.pattern, f"<{rule.name}>", text, flags=re.MULTILINE)
    return text
