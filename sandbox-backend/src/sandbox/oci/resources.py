"""Builds the part of a configuration that limits the container's cgroup. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.model.plan import MIB, Plan
from sandbox.oci.allocation import Allocation, Features, Node

CPU_PERIOD_US = 100_000
# sixteen times what is usual: a run that begins is served before those that go on
FIRST_CPU_SHARES = 16 * 1024
# a disk's bytes and operations a second at most, each way: for what is direct, a thread of the kernel works at nobody's
# account
MOST_BYTES, MOST_OPERATIONS = 64 * MIB, 1000


def build(plan: Plan, allocation: Allocation, features: Features) -> dict[str, Any]:
    """The `resources` of a configuration."""
    limits = plan.limits
    # swap is the sum of both in the OCI form, so the same number means no swap at all
    made: dict[str, Any] = {
        "memory": {"limit": limits.memory, "swap": limits.memory},
        "pids": {"limit": limits.pids},
        "devices": [{"allow": False, "access": "rwm"}, *map(_allowed, allocation.nodes)],
    }
    if features.cpu:
        quota = round(limits.cpus * CPU_PERIOD_US)
        made["cpu"] = {"quota": quota, "period": CPU_PERIOD_US, "shares": FIRST_CPU_SHARES}
    if allocation.disk:
        made["blockIO"] = dict(_throttled(plan, *allocation.disk))
    return made


def _allowed(node: Node) -> dict[str, Any]:
    return {"allow": True, "type": "c", "major": node.major, "minor": node.minor, "access": "rw"}


def _throttled(plan: Plan, major: int, minor: int) -> Iterator[tuple[str, list[dict[str, int]]]]:
    """A container's disk is its own: that is the slow one, at the slowest of all rates."""
    for way, throttles in (("Read", plan.read_bps), ("Write", plan.write_bps)):
        # 0 is no limit, as it is for Docker
        slowest = min((throttle.rate for throttle in throttles if throttle.rate), default=MOST_BYTES)
        for unit, most in (("Bps", min(slowest, MOST_BYTES)), ("IOPS", MOST_OPERATIONS)):
            yield f"throttle{way}{unit}Device", [{"major": major, "minor": minor, "rate": most}]
