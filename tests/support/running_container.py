"""Containers that run while a test looks at others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from support import pace
from support.client import Event, call, run


@contextmanager
def running_container(
    base: str,
    host: str,
    options: str = "",
    command: str = "sleep 20",
    *,
    name: str = "box",
    each: Callable[[Event], None] = lambda _: None,
) -> Iterator[str]:
    """A container that runs on a host while the block lasts; its id. `each` is called with every event of it."""
    told: Event = {}
    begun = threading.Event()

    def note(event: Event) -> None:
        told[event["type"]] = event
        each(event)
        if event["type"] == "started":
            begun.set()

    line = f"docker run --name {name} {options} alpine {command}"
    thread = threading.Thread(target=run, args=(base, line, host), kwargs={"each": note})
    thread.start()
    try:
        assert begun.wait(pace.seconds(20))
        yield told["created"]["container"]
    finally:
        call(base, "DELETE", f"/v1/runs/{told['accepted']['run']}")
        thread.join(pace.seconds(20))
