"""Asks the doctor."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BACKEND = (sys.executable, "-m", "sandbox")


@dataclass(frozen=True)
class Examined:
    """A data folder with what set-up has made, and what the doctor says of it and of the machine."""

    state: Path
    answer: dict[str, Any]


def ask(within: Sequence[str], command: str, *options: str) -> subprocess.CompletedProcess[str]:
    argv = [*within, *BACKEND, command, *options]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/", timeout=60)


def examined(within: Sequence[str], state: Path) -> dict[str, Any]:
    result = ask(within, "doctor", "--json", "--data-dir", str(state))
    assert result.stderr == ""
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer
