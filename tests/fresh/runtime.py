#!/usr/bin/env python3
"""runc for an engine on a machine that lacks a capability or two.

Debian 12's engine gives a privileged container every capability that the kernel knows, and runc then fails on the one
that nobody has here. Newer engines leave those out themselves (moby #42933), and so does this, in the configuration
that runc is about to read.
"""

import json
import os
import re
import sys
from pathlib import Path

HEADER = Path("/usr/include/linux/capability.h")


def available() -> set[str]:
    """The capabilities of this process's bounding set."""
    (bounding,) = re.findall(r"^CapBnd:\s*(\w+)", Path("/proc/self/status").read_text(), re.MULTILINE)
    named = re.findall(r"^#define (CAP_[A-Z_]+)\s+(\d+)$", HEADER.read_text(), re.MULTILINE)
    return {name for name, number in named if int(bounding, 16) >> int(number) & 1}


def fit(path: Path, inside: str | None) -> None:
    """Take the others out of a configuration, or out of the process that is to join a container."""
    config = json.loads(path.read_text())
    process = config[inside] if inside else config
    here = available()
    for kind, names in (process.get("capabilities") or {}).items():
        process["capabilities"][kind] = [name for name in names or [] if name in here]
    path.write_text(json.dumps(config))


words = sys.argv[1:]
if "--bundle" in words and "create" in words:
    fit(Path(words[words.index("--bundle") + 1], "config.json"), "process")
elif "--process" in words and "exec" in words:
    fit(Path(words[words.index("--process") + 1]), None)
os.execv("/usr/sbin/runc", ["runc", *words])
