"""Says whether a virtual machine comes up from what `guest/build` has made, for set-up: one line, and 0 if it does.

python -m sandbox.doctor.vm STATE_FOLDER
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sandbox.doctor import trials
from sandbox.settings import Settings

NAME = f"docker-run-sandbox-setup-{os.getpid()}"


def main(state: str) -> int:
    """Try it beside whatever serves here; 1 when no guest has answered."""
    settings = Settings(data_dir=Path(state).resolve(), run_dir=Path("/run", NAME), cgroup=NAME)
    seen = trials.vms(settings)
    print(seen.found, flush=True)
    return 0 if seen.met else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
