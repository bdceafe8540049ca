"""Turns a typed `docker run` and this host's limits into a plan, or a DockerError. Pure."""

from sandbox.policy.decision import decide, without_swap
from sandbox.policy.isolations import check

__all__ = ["check", "decide", "without_swap"]
