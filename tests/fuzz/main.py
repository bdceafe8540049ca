"""Tries inputs on every target for a while, and prints a line of figures for each.

main.py [SECONDS]            all targets, each for its part of the time
main.py --replay FILE…       kept inputs once more, with all that is told of a failure

An input that fails is kept beside those of its target, so that every later run tries it first.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.engine import CORPUS, Figures, Target, explore, keep, replay
from fuzz.every import TARGETS
from support import needs

SHOWN = 400


def main(arguments: Sequence[str], targets: Sequence[Target] = TARGETS, corpus: Path = CORPUS) -> int:
    """Print the figures; 1 when an input has failed."""
    # what is logged is looked at where it matters, and not shown
    logging.getLogger().addHandler(logging.NullHandler())
    if arguments[:1] == ["--replay"]:
        return int(sum(_replayed(Path(file), targets) for file in arguments[1:]) > 0)
    possible = [target for target in targets if not target.container or needs.way() == "here"]
    seconds = float((*arguments, "600")[0]) / len(possible)
    failed = False
    for target in targets:
        if target not in possible:
            print(f"{target.name:9} not on this machine: it needs {needs.PRIVILEGED}")
            continue
        figures = _explored(target, seconds, corpus)
        print(_line(target, figures), flush=True)
        if figures.failing is not None:
            failed = True
            _tell(figures, keep(target, figures.failing, corpus))
    return int(failed)


def _explored(target: Target, seconds: float, corpus: Path) -> Figures:
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with target.opened(Path(folder)) as check:
            return explore(target, check, seconds, corpus)


def _line(target: Target, figures: Figures) -> str:
    """What came of a target, in one line."""
    rate = figures.tried / max(figures.seconds, 0.001)
    seen = f", {len(figures.paths.seen)} lines of ours" if target.traced else ""
    failures = 0 if figures.failing is None else 1
    told = f"{figures.tried:8} inputs, {rate:6.1f} a second, {len(figures.outcomes):5} outcomes{seen}"
    return f"{target.name:9}{told}, {failures} failures"


def _tell(figures: Figures, file: Path) -> None:
    data = figures.failing or b""
    print("".join(traceback.format_exception(figures.error)) if figures.error else "")
    print(f"it failed on {len(data)} bytes: {data[:SHOWN]!r}{'…' if len(data) > SHOWN else ''}")
    print(f"kept as {file}; once more: .venv/bin/python tests/fuzz/main.py --replay {file}", flush=True)


def _replayed(file: Path, targets: Sequence[Target]) -> bool:
    """Try one kept input; whether it fails."""
    (target,) = [one for one in targets if one.name == file.parent.name]
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with target.opened(Path(folder)) as check:
            try:
                print(f"{file}: {replay(check, file.read_bytes())}")
            except Exception:
                traceback.print_exc()
                return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
