"""Each guard against bad input has a test that fails without it: `guards.toml` names them, and here they are taken out.

A guard is taken out of a copy of the package. The test then runs in a Python of its own, which finds the copy before
anything else, as do the processes that the test starts.
"""

from __future__ import annotations

import shutil
import site
import subprocess
import tomllib
import venv
from pathlib import Path
from typing import Any

import pytest

from support.built_site import REPOSITORY

PACKAGE = REPOSITORY / "sandbox-backend/src/sandbox"
TABLE: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "guards.toml").read_text())["guard"]
CASES = [
    pytest.param(one, id=one["point"], marks=[pytest.mark.container] if one.get("container") else []) for one in TABLE
]
FAILED = 1
SECONDS = 120


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A Python with our packages, but for `sandbox`, which is the copy in its folder."""
    # what the backend starts is nobody, and has to see the copy
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and folder.is_relative_to("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    shutil.copytree(PACKAGE, tmp_path / "source/sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    venv.create(tmp_path / "python", symlinks=True)
    (found,) = (tmp_path / "python/lib").glob("python*/site-packages")
    ours = [path for path in site.getsitepackages() if "site-packages" in path]
    lines = [f"{tmp_path}/source", *(f"import site; site.addsitedir({path!r})" for path in ours)]
    (found / "copy.pth").write_text("\n".join(lines))
    return tmp_path / "python/bin/python"


def take_out(entry: dict[str, Any], source: Path) -> None:
    for one in (entry, *entry.get("also", [])):
        file = source / one["file"]
        text = file.read_text()
        assert text.count(one["guard"]) == 1, f"the table has to name the guard of {file.name} as it is written"
        file.write_text(text.replace(one["guard"], one["without"]))


def ran(python: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=SECONDS, check=False)


@pytest.mark.parametrize("guard", CASES)
def test_without_the_guard_its_test_fails(guard: dict[str, Any], python: Path, tmp_path: Path) -> None:
    take_out(guard, tmp_path / "source/sandbox")
    done = ran(python, guard["test"])
    assert done.returncode == FAILED, done.stdout[-3000:] + done.stderr[-1000:]
    assert " error" not in done.stdout.splitlines()[-1], done.stdout[-3000:]


@pytest.mark.container
def test_with_every_guard_the_same_tests_pass_on_such_a_copy(python: Path, tmp_path: Path) -> None:
    where = [str(python), "-I", "-c", "import sandbox.cli, pytest; print(sandbox.cli.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    assert found == str(tmp_path / "source/sandbox/cli.py")
    done = ran(python, *sorted({one["test"] for one in TABLE}))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
