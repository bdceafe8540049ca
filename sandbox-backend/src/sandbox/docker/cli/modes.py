"""Names the modes that `--network`, `--pid` and `--ipc` take besides networks of the user's own. Pure."""

from __future__ import annotations

# before the name of a container whose namespace is shared
CONTAINER = "container:"
BRIDGE, HOST = "bridge", "host"
PREDEFINED = frozenset({BRIDGE, HOST, "none", "default"})
