"""`make test` where nobody has prepared anything: in a fresh container of a real Docker Engine, privileged or not.

    suite.py [WAY] [LOG]     a way's name as `main.py` has it, `privileged` without one; all that is printed goes to LOG

It prints the last lines and ends with the suite's exit status. It takes as long as the suite and the set-up.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fresh import container, root
from fresh.container import Terminal
from fresh.main import NOWHERE, RUNTIME, WAYS
from support import engine
from support.backend import REPOSITORY

LONGEST_SECONDS = 5400.0


def main(arguments: Sequence[str]) -> int:
    """Run it; the exit status of `make test`, 124 when it has not ended by then."""
    name, log = (*arguments, "privileged")[0], Path((*arguments[1:], "fresh-suite.log")[0])
    way = next(way for way in WAYS if way.name == name)
    with (
        tempfile.TemporaryDirectory(prefix="fresh-", dir="/var/tmp") as scratch,
        engine.running(NOWHERE, RUNTIME) as one,
    ):
        container.load(one, root.make(Path(scratch, "root")))
        clone = Path(scratch, way.name)
        subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(clone)], check=True)
        with container.started(one, way, clone, way.name) as fresh:
            begun = time.monotonic()
            terminal = Terminal(one, fresh.argv("make", "test", terminal=True), log)
            code = terminal.ended(LONGEST_SECONDS)
            print(f"{terminal.last_words(40)}\n{way.name}: {code} after {time.monotonic() - begun:.0f} s", flush=True)
            terminal.close()
    return 124 if code is None else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
