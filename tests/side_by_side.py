"""Runs every suite, and what reads the code without running it (checks): some side by side, because each of them waits
for much of its time, and the longest first.

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
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[1]
SUITES = ("security", "runtime", "guest", "e2e", "site", "checks", "unit", "conformance", "setup", "fuzz", "service")
CHECKS = "sandbox-backend/setup/checks"
# whose files are shared out among so many, because nothing else is left to run beside them otherwise
SHARED = {"runtime": 2}
# so many at once, and more of them while processors are idle, as they are when what runs waits
AT_ONCE, MOST_MORE = 4, 1
# what of the processors' time is idle in so many seconds then
IDLE, IDLE_SECONDS = 0.3, 20
# pytest's exit status when none of a suite's tests was chosen
NONE_CHOSEN = 5
INTERRUPTED = 2


class Part(NamedTuple):
    """A suite, or a part of one: its name, and which of how many."""

    suite: str
    which: str = ""

    def paths(self) -> Sequence[str]:
        """What pytest is to run: the whole folder, or each so many-th file of it."""
        folder = f"tests/{self.suite}"
        if not self.which:
            return [folder]
        number, count = map(int, self.which.split("/"))
        return sorted(str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / folder).glob("test_*.py"))[
            number - 1 :: count
        ]


def _parts() -> list[Part]:
    counts = {suite: SHARED.get(suite, 1) for suite in SUITES}
    return [
        Part(suite, f"{number}/{count}" if count > 1 else "")
        for suite, count in counts.items()
        for number in range(1, count + 1)
    ]


class Suites:
    """The suites that are run with these arguments; after `stop` no other one begins."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._stopped = False
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._left = deque(_parts())
        self._codes: dict[Part, int] = {}

    @property
    def code(self) -> int:
        """0 when every suite has passed, else the exit status of the first of them that has not."""
        codes = (self._codes.get(part, INTERRUPTED) for part in _parts())
        return next((code for code in codes if code), 0)

    def work(self) -> None:
        """Run what nobody runs yet, one after the other, until nothing is left."""
        while part := self._left.popleft() if self._left else None:
            self._codes[part] = self._run(part)

    def _run(self, part: Part) -> int:
        """Run one, and print what it printed; its exit status."""
        with tempfile.TemporaryFile() as log:
            with self._lock:
                if self._stopped:
                    return INTERRUPTED
                print(f"» {' '.join(part)}", flush=True)
                process = subprocess.Popen(self._command(part), cwd=REPOSITORY, stdout=log, stderr=log)
                self._running.add(process)
            code = process.wait()
            with self._lock:
                self._running.discard(process)
                log.seek(0)
                sys.stdout.buffer.write(log.read())
                sys.stdout.flush()
        return 0 if self._arguments and code == NONE_CHOSEN else code

    def _command(self, part: Part) -> Sequence[str]:
        if part.suite == "checks":
            # a choice of tests leaves them out
            return ["true"] if self._arguments else [CHECKS]
        return [sys.executable, "-m", "pytest", *part.paths(), *self._arguments]

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
    """Run all; the exit status."""
    suites = Suites(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, suites.stop)
    idle, workers = Idle(), [threading.Thread(target=suites.work) for _ in range(AT_ONCE)]
    for worker in workers:
        worker.start()
    while busy := [worker for worker in workers if worker.is_alive()]:
        # this thread alone heeds a signal, and the kernel may wake another one by it
        busy[0].join(1)
        if len(workers) < AT_ONCE + MOST_MORE and idle.lately():
            workers.append(threading.Thread(target=suites.work))
            workers[-1].start()
    return suites.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
