"""Proves that runs are confined, by a container of our own that tries what it must not be able to do.

It runs when the runner starts, and again when health is asked for and no container was started lately.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import time
from pathlib import Path

from sandbox.model.events import Event, Exited, Output
from sandbox.model.image import Config, Image
from sandbox.model.plan import MIB, Limits, Plan
from sandbox.model.protocol import Script
from sandbox.runner.isolation.isolation import Isolation
from sandbox.runner.job import Job, Message
from sandbox.settings import Settings

FRESH_SECONDS = 60.0
# until what starts beside the runner has started
SETTLE_SECONDS = 5.0
MEASURED_RUNS = 5
BUSYBOX = Path("/bin/busybox")
# each line prints one word when its guard holds; what is missing from the output names the guard
SCRIPT = """
grep -q '^Seccomp:.2$' /proc/self/status && echo filter
grep -q '^NoNewPrivs:.1$' /proc/self/status && echo no-new-privileges
unshare -U true 2>/dev/null || echo user-namespaces
mount -t tmpfs none /tmp 2>/dev/null || echo mount
echo 1 2>/dev/null >/proc/sys/kernel/panic || echo kernel-settings
[ "$(awk '{print $2}' /proc/self/uid_map)" != 0 ] && echo user-ids
[ "$(ls /proc/self/fd | wc -l)" -le 4 ] && echo descriptors
[ "$(ls /sys/class/net)" = lo ] && echo network
"""
GUARDS = frozenset(
    {"filter", "no-new-privileges", "user-namespaces", "mount", "kernel-settings", "user-ids", "descriptors", "network"}
)


class SelfTest:
    """Tests an isolation, unless a program was started in it lately."""

    def __init__(self, settings: Settings, isolation: Isolation) -> None:
        self._isolation, self._uid = isolation, settings.store_uid
        self._layer = settings.data_dir / "selftest-layer"
        self._seen = float("-inf")
        self._took: list[float] = []

    def seen(self, isolation: Isolation) -> None:
        """Note that a program was started just now in some isolation."""
        if isolation is self._isolation:
            self._seen = time.monotonic()

    async def reason(self) -> str | None:
        """None when a container was started lately or can be now; otherwise what is wrong."""
        if time.monotonic() - self._seen < FRESH_SECONDS:
            return None
        wrong = await self._try()
        if wrong is None:
            self.seen(self._isolation)
        return wrong

    @property
    def run_ms(self) -> float | None:
        """How long a run takes here that does nothing: the median of those that were measured, in milliseconds."""
        return round(1000 * statistics.median(self._took), 1) if self._took else None

    async def measure(self) -> None:
        """Measure it, a moment from now."""
        await asyncio.sleep(SETTLE_SECONDS)
        for _ in range(MEASURED_RUNS):
            begun = time.monotonic()
            if await self.passes(self._isolation):
                self._took.append(time.monotonic() - begun)

    async def passes(self, isolation: Isolation) -> bool:
        """Whether a program runs to its end in an isolation."""
        return succeeded(await self.events(isolation, "true", 128 * MIB))

    async def _try(self) -> str | None:
        return _verdict(await self.events(self._isolation, SCRIPT, 32 * MIB))

    async def events(self, isolation: Isolation, script: str, memory: int) -> list[Event]:
        """All events of a run of `script` in an isolation."""
        self._make_layer()
        image = Image("selftest:latest", "", "", "", (), Config(), 0, 0, "stand-in")
        args = ("/bin/busybox", "sh", "-c", script)
        plan = Plan(image.reference, args=args, limits=Limits(memory=memory, pids=128, seconds=5))
        events: list[Event] = []

        async def note(event: Message) -> None:
            if not isinstance(event, Script):
                events.append(event)

        await isolation.run(Job(image, [self._layer], plan), note, asyncio.Event())
        return events

    def _make_layer(self) -> None:
        program = self._layer / "bin/busybox"
        if not program.exists():
            program.parent.mkdir(parents=True, exist_ok=True)
            (self._layer / "tmp").mkdir(exist_ok=True)
            shutil.copy(BUSYBOX, program)
            program.chmod(0o755)
            for applet in ("sh", "grep", "unshare", "mount", "awk", "ls", "wc", "true"):
                (self._layer / "bin" / applet).symlink_to("busybox")
        # the operator may have chosen other user ids since
        for path in (self._layer, *self._layer.rglob("*")):
            os.chown(path, self._uid, self._uid, follow_symlinks=False)


def succeeded(events: list[Event]) -> bool:
    """Whether that is a run that has come to a good end by itself."""
    last = events[-1] if events else None
    return isinstance(last, Exited) and (last.code, last.reason) == (0, "exit")


def _verdict(events: list[Event]) -> str | None:
    printed = {word for event in events if isinstance(event, Output) for word in event.text.split()}
    last = events[-1] if events else None
    if not isinstance(last, Exited) or last.reason != "exit":
        return f"the self-test did not run: {last}"
    missing = sorted(GUARDS - printed)
    return f"guards that do not hold: {', '.join(missing)}" if missing else None
