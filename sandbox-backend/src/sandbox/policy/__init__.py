"""A typed `docker run` and this host's limits become a plan, or a refusal that says what and why. Pure."""

from sandbox.policy.decision import decide
from sandbox.policy.isolations import refused

__all__ = ["decide", "refused"]
