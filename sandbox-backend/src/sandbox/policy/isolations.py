"""Refuses in Docker's form what an isolation does not have. Pure."""

from __future__ import annotations

from sandbox.docker import outcome
from sandbox.docker.cli import wording
from sandbox.docker.errors import Fix
from sandbox.model.isolations import PROFILES
from sandbox.model.plan import Plan
from sandbox.policy.errors import refused

ONLY = "{} in the isolation container only here"
JOINS = ONLY.format("a namespace of another container can be joined")
BRIDGE = ONLY.format("--network bridge is available")


def check(isolation: str, plan: Plan) -> None:
    """Check that this isolation can carry `plan` out. DockerError when it cannot."""
    match PROFILES[isolation].refuses(plan):
        case "joins":
            raise refused(JOINS, wording.ISOLATION_OF_CONTAINERS)
        case "bridge":
            raise refused(BRIDGE, wording.ISOLATION_OF_BRIDGES, Fix("network", None))
        case "rates":
            # a virtual machine has no disk, so no device of this name
            raise outcome.not_created(f"stat {plan.throttles[0].path}: no such file or directory")
