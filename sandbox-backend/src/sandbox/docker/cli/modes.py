"""What `--network`, `--pid` and `--ipc` may name besides networks of the user's own, in Docker's words. Pure."""

from __future__ import annotations

# before the name of a container whose namespace is shared
CONTAINER = "container:"
BRIDGE, HOST = "bridge", "host"
PREDEFINED = frozenset({BRIDGE, HOST, "none", "default"})
