"""Builds the part of a configuration that limits the container's cgroup. Pure."""

from __future__ import annotations

from typing import Any

from sandbox.model.plan import Plan, Throttle
from sandbox.oci.allocation import Allocation, Features, Node

CPU_PERIOD_US = 100_000
# sixteen times what is usual: a run that begins is served before those that go on
FIRST_CPU_SHARES = 16 * 1024
FULL_SPEED = 2**64 - 1


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
    throttles = {"throttleReadBpsDevice": plan.read_bps, "throttleWriteBpsDevice": plan.write_bps}
    if any(throttles.values()):
        made["blockIO"] = {name: _throttled(given, allocation) for name, given in throttles.items() if given}
    return made


def _allowed(node: Node) -> dict[str, Any]:
    return {"allow": True, "type": "c", "major": node.major, "minor": node.minor, "access": "rw"}


def _throttled(throttles: tuple[Throttle, ...], allocation: Allocation) -> list[dict[str, Any]]:
    """A container's disk is its own: that is the slow one, at the slowest of all rates."""
    # 0 is no limit, as it is for Docker
    slowest = min((throttle.rate for throttle in throttles if throttle.rate), default=FULL_SPEED)
    if allocation.disk is None:
        return []
    major, minor = allocation.disk
    return [{"major": major, "minor": minor, "rate": slowest}]
