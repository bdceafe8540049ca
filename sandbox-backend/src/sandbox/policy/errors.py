"""Makes the errors of a `docker run` that the daemon does not carry out."""

from __future__ import annotations

from sandbox.docker.errors import DockerError
from sandbox.docker.messages import daemon_error


def refused(message: str, hint: str) -> DockerError:
    """Return the error with the daemon's `message`, which has no prefix yet, and a Korean hint."""
    return DockerError(daemon_error(message), 125, hint)
