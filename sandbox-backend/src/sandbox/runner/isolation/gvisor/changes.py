"""What the isolation `gvisor` changes of a plan and of an OCI configuration, as pure functions.

gVisor puts a kernel of its own, written in Go, between the program and the machine's. It is one process more, which
needs memory and threads beside the program's; and what the machine's kernel does for a container by a BPF filter or a
cgroup of the program alone, gVisor does by itself or not at all.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.model.plan import MIB, Plan
from sandbox.oci.spec import Spec

# what gVisor says that it is (pkg/sentry/kernel, LINUX_RELEASE)
KERNEL = "4.4.0"
# gVisor's own: the Go runtime, its page tables, its threads and the stubs that hold the program's memory
SENTRY_BYTES, SENTRY_TASKS = 64 * MIB, 96
# gVisor has no mqueue, and shows no cgroups of the machine
UNKNOWN_MOUNTS = frozenset({"mqueue", "cgroup"})
OPTIONS = ("--platform=ptrace", "--network=none")
_NOT_LOADED = re.compile(r"failed to load \S+: (.*)$")


def widened(plan: Plan) -> Plan:
    """The plan with room for gVisor beside the program."""
    limits = replace(plan.limits, memory=plan.limits.memory + SENTRY_BYTES, pids=plan.limits.pids + SENTRY_TASKS)
    return replace(plan, limits=limits)


def configuration(made: Spec, plan: Plan) -> Spec:
    """The OCI configuration `made` in the form that gVisor takes; the reader's own limits are its to keep."""
    linux = {name: value for name, value in made["linux"].items() if name != "sysctl"}
    limits = {one["type"]: one for one in made["process"]["rlimits"]}
    for one in plan.ulimits:
        name = f"RLIMIT_{one.name.upper()}"
        limits[name] = {"type": name, "soft": one.soft, "hard": one.hard}
    return made | {
        "annotations": {},
        # runsc would mount it anew to make it so, which its user namespace may not: the runner has done it
        "root": made["root"] | {"readonly": False},
        "linux": linux,
        "process": made["process"] | {"rlimits": list(limits.values())},
        "mounts": [mount for mount in made["mounts"] if mount["type"] not in UNKNOWN_MOUNTS],
    }


def reworded(message: str) -> str:
    """Why a program did not start, from runsc's words to crun's, which `outcome` knows."""
    if "error finding executable" in message:
        return "executable file not found in $PATH"
    found = _NOT_LOADED.search(message)
    return f"open executable: {found[1]}" if found else message
