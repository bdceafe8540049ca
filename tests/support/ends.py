"""In the middle of runs a backend's runner is killed, or Ctrl-C is pressed: nothing is left of them."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sandbox.runner.kernel import cgroup
from support.backend import Backend, stop
from support.client import new_host, run
from support.disks import STUCK, back, wait_until_stuck
from support.files import runs, text_of
from support.footprint import at_rest, settled
from support.streams import reach, reading

GROUPS = Path("/sys/fs/cgroup")
# of a backend whose runner is killed
SLOTS = 8
WAITING = SLOTS - 2


def kill_the_runner(own: Backend) -> None:
    """While runs wait for their disks; it is back, and there is nothing but what was there before."""
    host = new_host(own.url)
    run(own.url, "docker run alpine true", host)
    before = at_rest(own)
    with ThreadPoolExecutor(WAITING) as pool:
        ends = [pool.submit(lambda: run(own.url, STUCK, host)) for _ in range(WAITING)]
        wait_until_stuck(own, WAITING)
        os.kill(own.pid_of("runner"), signal.SIGKILL)
        assert {end.result().events[-1]["code"] for end in ends} == {"runner-lost"}
    back(own, host)
    assert settled(own, before, 10) == before


def press_ctrl_c(own: Backend, before: set[str]) -> None:
    """While a run goes on. `before` is what was handed down before the backend began."""
    host = new_host(own.url)
    run(own.url, "docker run alpine true", host)
    with reading(own, "docker run alpine sleep 300", host) as events:
        reach(events, "started")
        family = own.processes()
        assert cgroup.layout() != "v2" or handed_down() >= cgroup.USED
        assert stop(own) == 0
    assert list(filter(runs, family)) == []
    assert not own.runtime.exists()
    assert list(GROUPS.glob(f"**/{own.cgroup}")) == []
    assert str(own.runtime) not in Path("/proc/self/mountinfo").read_text()
    assert handed_down() - before <= cgroup.USED


def handed_down() -> set[str]:
    """The controllers that the groups at the top of a v2 machine have."""
    return set(text_of(cgroup.MOUNT / cgroup.HANDED_DOWN).split())
