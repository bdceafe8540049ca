"""Whatever a visitor does, no turn of the runner's or the web process's loop takes long."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.model.plan import MOST_FOLDERS
from support import loop_watch
from support.arena import ATTACKS, ATTEMPTS, LITTLE, attack, opened, visitor
from support.backend import REPOSITORY, Backend
from support.client import call, run
from support.footprint import at_rest
from support.python_copy import copied

pytestmark = pytest.mark.container
# programs that keep a lock of their own memory for long, and one of whose names the kernel has many to forget
LOCKED, NAMES, FILL = "locked 6 4", "names / 8", "fill /big 0"
# one who has the lock of the pipe that its output comes from until a slow disk has read
HELD, SLOW = "held /big 2", "--device-read-bps /dev/loop0:1"
DISK = "--device-write-bps /dev/loop0:1gb"
# as many as a line of 64 KiB has room for, each to the end of what the kernel takes for a path
MOUNTS = 14
TMPFS = " ".join(f"--tmpfs {{{number}}}:size=4k" for number in range(MOUNTS))
# a command may be as long as this in any characters: JSON writes quotes and backslashes as two each
LONG = 64_000
MANY = 1000
LINES = {
    "quotes": f"docker run attack /attack {LITTLE} {chr(39) * LONG}",
    "escapes": f"docker run attack /attack {LITTLE} " + "\\a" * (LONG // 3),
    "words": "docker help " + "a " * (LONG // 2),
    "a session": f"$ docker run attack {chr(39) * LONG}\n$ docker run attack x",
    "names of hosts": f"docker run {' '.join(f'--add-host=a:1.1.1.{number % 256}' for number in range(MANY))} attack",
    "rates of disks": f"docker run {' '.join(f'--device-read-bps=/dev/{n}:1' for n in range(MANY))} attack",
    "networks": f"docker run {' '.join(f'--net={number:054}' for number in range(MANY))} attack",
}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """An arena whose loops are watched, with all that is done once done."""
    python = copied(tmp_path_factory.mktemp("watched"), Path(loop_watch.__file__).read_text())
    with opened(tmp_path_factory.mktemp("arena"), python=str(python)) as backend:
        visitor(backend)
        yield backend


@pytest.mark.parametrize(
    ("words", "options"), [*((words, "") for words in (*ATTACKS, LOCKED, NAMES)), (FILL, DISK), (HELD, SLOW)]
)
def test_no_turn_is_long_under_an_attack(watched: Backend, words: str, options: str) -> None:
    # what else runs on the machine does not hold it up each time
    for _ in range(ATTEMPTS):
        before = slow_turns(watched)
        assert attack(watched, words, options).events[-1]["type"] == "exited"
        # what is left of it is gone now
        assert at_rest(watched)
        assert call(watched.url, "GET", "/v1/health")[0] == 200
        if not (slow := slow_turns(watched)[len(before) :]):
            break
    assert slow == []


@pytest.mark.parametrize(("options", "code"), [("-w {0}", 0), (TMPFS, 0), ("-w {0}", 125), (TMPFS, 125)])
def test_no_turn_is_long_however_deep_the_folders_are_that_a_line_names(
    watched: Backend, options: str, code: int
) -> None:
    deep = 2000 if code else MOST_FOLDERS // (1 + options.count("tmpfs"))
    host, wanted = visitor(watched), options.format(*(f"/{chr(97 + number)}" * deep for number in range(MOUNTS)))
    for _ in range(ATTEMPTS):
        before = slow_turns(watched)
        assert attack(watched, LITTLE, wanted, host).code == code
        if not (slow := slow_turns(watched)[len(before) :]):
            break
    assert slow == []


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_no_turn_is_long_however_long_a_line_is(watched: Backend, line: str) -> None:
    host = visitor(watched)
    for _ in range(ATTEMPTS):
        before = slow_turns(watched)
        run(watched.url, line, host)
        if not (slow := slow_turns(watched)[len(before) :]):
            break
    assert slow == []


@pytest.mark.parametrize(("seconds", "told"), [(0.01, 0), (0.2, 1)])
def test_a_turn_that_is_long_is_told(seconds: float, told: int) -> None:
    script = f"async def turn():\n await asyncio.sleep(0.001)\n time.sleep({seconds})\n await asyncio.sleep(0.001)\n"
    script = f"import asyncio, time\nfrom support import loop_watch\nloop_watch.install()\n{script}asyncio.run(turn())"
    words, here = [sys.executable, "-c", script], REPOSITORY / "tests"
    done = subprocess.run(words, cwd=here, stderr=subprocess.PIPE, text=True, check=True)
    assert done.stderr.count(loop_watch.SLOW) == told


def slow_turns(backend: Backend) -> list[str]:
    return [line for line in backend.log.read_text().splitlines() if loop_watch.SLOW in line]
