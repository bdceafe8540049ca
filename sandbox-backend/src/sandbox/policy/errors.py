"""Makes the errors of a `docker run` that the daemon does not carry out."""

from __future__ import annotations

from sandbox.docker.errors import DockerError, Fix
from sandbox.docker.messages import daemon_error


def refused(message: str, hint: str, fix: Fix | None = None) -> DockerError:
    """Return the error with the daemon's `message`, which has no prefix yet, a Korean hint, and what would help."""
    return DockerError(daemon_error(message), 125, hint, fix)
