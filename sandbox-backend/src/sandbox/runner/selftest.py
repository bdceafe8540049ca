"""Proves that runs are confined, by one: a container of our own that tries what it must not be able to do.

It runs when the runner starts, and again when health is asked for and no container was started lately.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.model.events import Event, Exited, Output
from sandbox.model.image import Config, Image
from sandbox.model.plan import MIB, Limits, Plan
from sandbox.runner.container.run import Job, Run, Send
from sandbox.runner.environment import Environment
from sandbox.runner.kernel.id_ranges import IdRanges
from sandbox.settings import Settings

Start = Callable[[Job, Send, asyncio.Event], Run]
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
    """Knows when a container was last really started."""

    def __init__(self, settings: Settings, environment: Environment, slots: IdRanges) -> None:
        self._environment, self._slots, self._uid = environment, slots, settings.store_uid
        self._layer = settings.data_dir / "selftest-layer"
        self._seen = float("-inf")
        self._took: list[float] = []

    def seen(self) -> None:
        """A container was started just now."""
        self._seen = time.monotonic()

    async def reason(self) -> str | None:
        """None when a container was started lately or can be now; otherwise what is wrong."""
        if time.monotonic() - self._seen < FRESH_SECONDS:
            return None
        wrong = await self._try()
        if wrong is None:
            self.seen()
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
            if await self.passes(self._environment):
                self._took.append(time.monotonic() - begun)

    async def passes(self, environment: Environment) -> bool:
        """Whether a program runs to its end with another runtime."""
        return succeeded(await self.said(environment, "true", 128 * MIB))

    async def _try(self) -> str | None:
        return _verdict(await self.said(self._environment, SCRIPT, 32 * MIB))

    async def said(self, environment: Environment, script: str, memory: int, start: Start = Run) -> list[Event]:
        """All that is told of a run of `script`, which `start` makes of a job."""
        self._make_layer()
        image = Image("selftest:latest", "", "", "", (), Config(), 0, 0, "stand-in")
        args = ("/bin/busybox", "sh", "-c", script)
        plan = Plan(image.reference, args=args, limits=Limits(memory=memory, pids=128, seconds=5))
        said: list[Event] = []

        async def note(event: Event) -> None:
            said.append(event)

        async with self._slots.taken() as slot:
            await start(Job(image, [self._layer], plan), note, asyncio.Event()).carry_out(environment, slot)
        return said

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


def succeeded(said: list[Event]) -> bool:
    """Whether that is a run that has come to a good end by itself."""
    last = said[-1] if said else None
    return isinstance(last, Exited) and (last.code, last.reason) == (0, "exit")


def _verdict(said: list[Event]) -> str | None:
    words = {word for event in said if isinstance(event, Output) for word in event.text.split()}
    last = said[-1] if said else None
    if not isinstance(last, Exited) or last.reason != "exit":
        return f"the self-test did not run: {last}"
    missing = sorted(GUARDS - words)
    return f"guards that do not hold: {', '.join(missing)}" if missing else None
