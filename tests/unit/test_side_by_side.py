"""What `make test` runs: all suites, each to its end, and none begins once it is to stop."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from side_by_side import SUITES

TESTS = Path(__file__).parents[1]
PROGRAM = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(TESTS)!r})
import side_by_side
side_by_side.REPOSITORY, side_by_side.SUITES = Path(sys.argv[1]), sys.argv[2].split()
sys.exit(side_by_side.main(["-p", "no:cacheprovider", *sys.argv[3:]]))
"""
STOPS = "import os, signal, time; os.kill(os.getppid(), signal.SIGTERM); time.sleep(30)"


def ran(folder: Path, suites: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    for name, does in {"good": "pass", "bad": "assert False", "stops": STOPS}.items():
        (folder / "tests" / name).mkdir(parents=True, exist_ok=True)
        (folder / "tests" / name / f"test_{name}.py").write_text(f"def test_{name}():\n    {does}\n")
    command = [sys.executable, "-c", PROGRAM, str(folder), suites, *arguments]
    # none of the tests that are run here asks for a plugin, and each takes its time to load
    plain = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, env=plain, capture_output=True, text=True, timeout=60, check=False)


def test_every_folder_with_tests_is_a_suite() -> None:
    assert sorted(SUITES) == sorted({"checks"} | {path.parent.name for path in TESTS.glob("*/test_*.py")})


@pytest.mark.parametrize(("suites", "code"), [("good", 0), ("good bad", 1), ("bad good", 1), ("good gone", 4)])
def test_all_pass_only_if_each_does(suites: str, code: int, tmp_path: Path) -> None:
    done = ran(tmp_path, suites)
    assert done.returncode == code
    assert done.stdout.count("1 passed") == suites.split().count("good")


def test_a_choice_of_tests_may_leave_a_suite_empty(tmp_path: Path) -> None:
    assert ran(tmp_path, "bad good", "-k", "good").returncode == 0


def test_after_a_signal_what_runs_ends_and_nothing_else_begins(tmp_path: Path) -> None:
    done = ran(tmp_path, "stops good good good good good good")
    assert done.returncode == 2
    assert "KeyboardInterrupt" in done.stdout
    assert done.stdout.count("» good") < 6
