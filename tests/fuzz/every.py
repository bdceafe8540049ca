"""Lists the targets."""

from __future__ import annotations

from fuzz.targets import command, events, layer, manifest, offers, protocol, registry, started, web

TARGETS = (
    command.TARGET,
    offers.TARGET,
    started.TARGET,
    events.TARGET,
    layer.TARGET,
    manifest.TARGET,
    registry.TARGET,
    web.TARGET,
    protocol.TARGET,
)
