"""How many Debian packages a goal of set-up brings to a minimal Debian: counted by apt, and nothing is installed.

`python tests/runtime/test_packages.py GOAL…` prints the number for each goal.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile

from support.packages import wanted

MOST = 130


def minimal() -> list[str]:
    """What `debootstrap --variant=minbase` starts from: the packages that Debian requires, and apt."""
    known = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True).stdout
    required = [one.split()[1] for one in known.split("\n\n") if "\nPriority: required\n" in one]
    assert len(required) > 20, "no package lists: apt-get update"
    return ["apt", *required]


def installed(packages: list[str]) -> set[str]:
    """What apt would install on a machine that has nothing at all."""
    with tempfile.NamedTemporaryFile() as nothing:
        nothing.flush()
        options = ["--simulate", "--no-install-recommends", "-o", f"Dir::State::status={nothing.name}"]
        done = subprocess.run(["apt-get", "install", *options, *packages], capture_output=True, text=True, check=True)
    return set(re.findall(r"^Inst (\S+)", done.stdout, re.MULTILINE))


def brought(packages: list[str]) -> int:
    """The number of packages that these bring."""
    base = minimal()
    return len(installed([*base, *packages]) - installed(base))


def test_serving_brings_few_packages_to_a_minimal_debian() -> None:
    assert brought(wanted("serve", "here")) <= MOST


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, brought(wanted(name, "here")))
