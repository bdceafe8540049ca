"""Runs every suite: some side by side, because each of them waits for much of its time, and the longest first.

    side_by_side.py [PYTEST_ARGUMENT…]

What a suite printed is shown when it has ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
SUITES = ("runtime", "e2e", "guest", "security", "site", "unit", "conformance", "setup", "fuzz", "service")
# so many at once, and more of them while processors are idle, as they are when what runs waits
AT_ONCE, MOST_MORE = 3, 2
# what of the processors' time is idle in so many seconds then
IDLE, IDLE_SECONDS = 0.3, 20
# pytest's exit status when none of a suite's tests was chosen
NONE_CHOSEN = 5
INTERRUPTED = 2


class Suites:
    """The suites that are run with these arguments; after `stop` no other one begins."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._stopped = False
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self.room = threading.Semaphore(AT_ONCE)

    def run(self, suite: str) -> int:
        """Run one once there is room, and print what it printed; its exit status."""
        with self.room, tempfile.TemporaryFile() as log:
            with self._lock:
                if self._stopped:
                    return INTERRUPTED
                print(f"» tests/{suite}", flush=True)
                command = [sys.executable, "-m", "pytest", f"tests/{suite}", *self._arguments]
                process = subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log)
                self._running.add(process)
            code = process.wait()
            with self._lock:
                self._running.discard(process)
                log.seek(0)
                sys.stdout.buffer.write(log.read())
                sys.stdout.flush()
        return 0 if self._arguments and code == NONE_CHOSEN else code

    def stop(self, number: int, _: object) -> None:
        """End what runs, each suite in its own order; Ctrl-C reaches them by itself."""
        with self._lock:
            self._stopped = True
            for process in self._running if number != signal.SIGINT else ():
                process.send_signal(signal.SIGINT)


class Idle:
    """How much of the processors' time nothing has run in, lately."""

    def __init__(self) -> None:
        self._since = self._times()

    def lately(self) -> bool:
        """Whether it was much in the last IDLE_SECONDS; asked every second or less often."""
        idle, all_of_it = (now - before for now, before in zip(self._times(), self._since, strict=True))
        if all_of_it < IDLE_SECONDS * os.sysconf("SC_CLK_TCK") * (os.cpu_count() or 1):
            return False
        self._since = self._times()
        return idle > IDLE * all_of_it

    @staticmethod
    def _times() -> tuple[int, int]:
        """What the kernel has counted since it began (proc_stat(5)): idle time, and all, in ticks of all processors."""
        user, nice, system, idle, waiting, *rest = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:])
        return idle + waiting, user + nice + system + idle + waiting + sum(rest[:3])


def main(arguments: Sequence[str]) -> int:
    """Run all; 0 when every suite has passed, else the exit status of the first of them that has not."""
    suites = Suites(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, suites.stop)
    more, idle = 0, Idle()
    with ThreadPoolExecutor(AT_ONCE + MOST_MORE) as pool:
        runs = [pool.submit(suites.run, suite) for suite in SUITES]
        # this thread alone heeds a signal, and the kernel may wake another one by it
        while wait(runs, timeout=1).not_done:
            if more < MOST_MORE and idle.lately():
                suites.room.release()
                more += 1
    return next((code for code in (run.result() for run in runs) if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
