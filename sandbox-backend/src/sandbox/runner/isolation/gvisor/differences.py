"""Lists what is different for gVisor: in a plan, in an OCI configuration, in runsc's messages. Pure.

gVisor puts a kernel of its own, written in Go, between the program and the machine's. It is one process more, which
needs memory and threads beside the program's; and what the machine's kernel does for a container by a BPF filter or a
cgroup of the program alone, gVisor does by itself or not at all.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.model.plan import MIB, Plan
from sandbox.oci.allocation import Features

# the release that gVisor claims to be (pkg/sentry/kernel, LINUX_RELEASE)
KERNEL = "4.4.0"
# gVisor's own: the Go runtime, its page tables, its threads and the stubs that hold the program's memory
SENTRY_BYTES, SENTRY_TASKS = 64 * MIB, 96
FEATURES = Features(
    sysctls=False,
    # runsc would mount the root anew to make it read-only, which its user namespace may not: the runner does it
    read_only_root=False,
    # gVisor's kernel sets them, and not the machine's
    ulimits=True,
    # gVisor's kernel has its own
    devices=False,
    user_namespaces=False,
    # gVisor has no mqueue, and shows no cgroups of the machine
    unknown_mounts=frozenset({"mqueue", "cgroup"}),
)
OPTIONS = ("--platform=ptrace", "--network=none")
_NOT_LOADED = re.compile(r"failed to load \S+: (.*)$")


def widened(plan: Plan) -> Plan:
    """The plan with room for gVisor beside the program."""
    limits = replace(plan.limits, memory=plan.limits.memory + SENTRY_BYTES, pids=plan.limits.pids + SENTRY_TASKS)
    return replace(plan, limits=limits)


def reworded(message: str) -> str:
    """Why a program did not start, from runsc's words to crun's, which `docker.outcome` translates."""
    if "error finding executable" in message:
        return "executable file not found in $PATH"
    found = _NOT_LOADED.search(message)
    return f"open executable: {found[1]}" if found else message
