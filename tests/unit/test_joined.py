"""What a container has in common with others, while it is made."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from unittest.mock import Mock

import pytest

from sandbox.runner.container import joined
from sandbox.runner.container.contents import NotStarted
from sandbox.runner.container.joined import Joined


def companion(still: asyncio.Event) -> Any:
    """The containers of an id range, which stand still when that is set."""
    return Mock(stopped=lambda _: contextlib.nullcontext(), still=lambda _: still.wait())


async def test_attack_53_who_does_not_stand_still_is_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joined, "STOP_SECONDS", 0.05)
    still, made = asyncio.Event(), []
    guest = Joined(Mock(), {"pid": Mock()})
    with pytest.raises(NotStarted, match="context deadline exceeded"):
        async with guest.unmet(companion(still)):
            made.append("too soon")
    still.set()
    async with guest.unmet(companion(still)):
        made.append("in time")
    assert made == ["in time"]
