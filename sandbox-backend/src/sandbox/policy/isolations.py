"""Says in Docker's form what an isolation refuses of a plan. Pure."""

from __future__ import annotations

from sandbox.docker import outcome
from sandbox.docker.cli import wording
from sandbox.docker.cli.command import Printed
from sandbox.docker.messages import daemon_error
from sandbox.model.isolations import PROFILES
from sandbox.model.plan import Plan

ONLY = "{} in the isolation container only here"
JOINS = ONLY.format("a namespace of another container can be joined")
BRIDGE = ONLY.format("--network bridge is available")


def refused(isolation: str, plan: Plan) -> Printed | None:
    """What docker would print when this isolation cannot carry `plan` out; None when it can."""
    match PROFILES[isolation].refuses(plan):
        case "joins":
            return Printed(stderr=daemon_error(JOINS), code=125, hint=wording.ISOLATION_OF_CONTAINERS)
        case "bridge":
            return Printed(stderr=daemon_error(BRIDGE), code=125, hint=wording.ISOLATION_OF_BRIDGES)
        case "rates":
            # a virtual machine has no disk, so no device of this name
            message = f"stat {(*plan.read_bps, *plan.write_bps)[0].path}: no such file or directory"
            return Printed(stderr=daemon_error(message), code=outcome.exit_code(message))
        case None:
            return None
