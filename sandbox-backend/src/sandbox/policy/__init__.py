"""Turns a typed `docker run` and this host's limits into a plan, or a DockerError. Pure."""

from sandbox.policy.decision import decide

__all__ = ["decide"]
