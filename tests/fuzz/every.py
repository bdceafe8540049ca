"""Lists the targets."""

from __future__ import annotations

from fuzz.targets import command, events, layer, manifest, protocol, registry, web

TARGETS = (
    command.TARGET,
    events.TARGET,
    layer.TARGET,
    manifest.TARGET,
    registry.TARGET,
    web.TARGET,
    protocol.TARGET,
)
