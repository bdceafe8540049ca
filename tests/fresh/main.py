"""`make fresh`: `make serve` where nobody has prepared anything, in several ways, with a real Docker Engine.

    main.py [WAY…]      a way's name as the table has it; all of them without one

What is tried is the latest commit. It takes some minutes and needs root, debootstrap, docker.io and Chromium.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fresh import container, root
from fresh.container import Way
from fresh.scenario import Seen, tried
from support import engine
from support.backend import REPOSITORY
from support.browser import chromium

WAYS = [
    Way("privileged", ("--privileged",)),
    Way("privileged-bound", ("--privileged",), bound=True),
    Way("bad-day", ("--privileged",), bound=True, umask="077", cut=True),
    Way("default"),
    Way("default-user", user=root.USER),
]
# the engine has no registry to ask: its one image is the root that was made
RUNTIME = Path(__file__).with_name("runtime.py")
NOWHERE = "http://127.0.0.1:9"
GOALS = {"privileged": (60, 75, None, None), "default": (60, 100, 20, 0.25)}
HEAD = ("way", "page", "live", "again page", "again live", "p50 of a run", "packages", "")


def main(names: Sequence[str]) -> int:
    """Try the ways; 0 when all of them worked."""
    if unknown := set(names) - {way.name for way in WAYS}:
        print(f"no such way: {', '.join(unknown)}; there are {', '.join(way.name for way in WAYS)}", file=sys.stderr)
        return 2
    seen = dict(_all([way for way in WAYS if not names or way.name in names]))
    print("\n" + "\n".join(_table(seen)))
    for way, one in seen.items():
        if one.failure:
            print(f"\n{way.name}: {one.failure}")
    return 1 if any(one.failure for one in seen.values()) else 0


def _all(ways: Sequence[Way]) -> Iterator[tuple[Way, Seen]]:
    with (
        tempfile.TemporaryDirectory(prefix="fresh-", dir="/var/tmp") as name,
        engine.running(NOWHERE, RUNTIME) as docker,
        chromium() as browser,
    ):
        folder = Path(name)
        print("making a minimal Debian 12", flush=True)
        container.load(docker, root.make(folder / "root"))
        for way in ways:
            clone = folder / way.name
            command = ["git", "clone", "--quiet", str(REPOSITORY), str(clone)]
            subprocess.run(command, check=True, umask=int(way.umask, 8))
            print(f"{way.name}: make serve", flush=True)
            with container.started(docker, way, clone, way.name) as box:
                yield way, tried(box, browser, folder / f"{way.name}.log")


def _table(seen: dict[Way, Seen]) -> Iterator[str]:
    rows = [HEAD, *(_row(way, one) for way, one in seen.items()), *(_goal(name) for name in GOALS)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(way: Way, one: Seen) -> tuple[str, ...]:
    times = [one.page, one.live, one.again_page, one.again_live]
    told = [_seconds(value, 1) for value in times] + [_seconds(one.p50, 3)]
    return (way.name, *told, "" if one.packages is None else str(one.packages), "FAILED" if one.failure else "ok")


def _goal(name: str) -> tuple[str, ...]:
    page, live, again, p50 = GOALS[name]
    return (f"goal, {name}", _seconds(page, 0), _seconds(live, 0), "", _seconds(again, 0), _seconds(p50, 2), "130", "")


def _seconds(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
