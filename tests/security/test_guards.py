"""Each guard against bad input has a test that fails without it: `guards.toml` names them, and here they are taken out.

Every guard is, where EVERY_GUARD=1 is set, as `make guards` does. Elsewhere one for each file of tests is, and of those
that need containers one for each folder, as each of them costs a Python, and these a backend, too.

A guard is taken out of a copy of the package. The test then runs in a Python of its own, which finds the copy before
anything else, as do the processes that the test starts.
"""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support.backend import REPOSITORY
from support.named_tests import ALONE, PLUGINS
from support.python_copy import copied


def _place(guard: dict[str, Any]) -> str:
    """The file of a guard's test, or its folder if it needs containers."""
    file: str = guard["test"].partition("::")[0]
    return file.rpartition("/")[0] if guard.get("container") else file


EVERY = bool(os.environ.get("EVERY_GUARD"))
TABLE: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "guards.toml").read_text())["guard"]
# the last one of each
ONE_OF_EACH = {_place(one): one for one in TABLE}
CASES = [
    pytest.param(one, id=one["point"], marks=[pytest.mark.container] if one.get("container") else [])
    for one in TABLE
    if EVERY or one in ONE_OF_EACH.values()
]
FAILED = 1
# for one test, and for all of them
SECONDS, ALL_SECONDS = 120, 400
Done = subprocess.CompletedProcess[str]


def take_out(entry: dict[str, Any], source: Path) -> None:
    for one in (entry, *entry.get("also", [])):
        file = source / one["file"]
        text = file.read_text()
        assert text.count(one["guard"]) == 1, f"the table has to name the guard of {file.name} as it is written"
        file.write_text(text.replace(one["guard"], one["without"]))


def ran(python: Path, *tests: str, seconds: int = SECONDS) -> Done:
    command = [str(python), "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *PLUGINS, *tests]
    environ = os.environ | ALONE
    return subprocess.run(
        command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, timeout=seconds, check=False
    )


def without(guard: dict[str, Any], place: Path) -> Done:
    python = copied(place)
    take_out(guard, place / "source/sandbox")
    return ran(python, guard["test"])


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Done]]]:
    """What the tests of the guards that were asked for said, two of them at a time."""
    items = [one for one in request.session.items if isinstance(one, pytest.Function) and one.path == request.path]
    wanted = {one.name for one in items if not one.get_closest_marker("skip")}
    asked = [one for one in TABLE if f"{test_without_the_guard_its_test_fails.__name__}[{one['point']}]" in wanted]
    with ThreadPoolExecutor(2) as pool:
        yield {one["point"]: pool.submit(without, one, tmp_path_factory.mktemp("guard")) for one in asked}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("guard", CASES)
def test_without_the_guard_its_test_fails(guard: dict[str, Any], outcomes: dict[str, Future[Done]]) -> None:
    done = outcomes[guard["point"]].result()
    assert done.returncode == FAILED, done.stdout[-3000:] + done.stderr[-1000:]
    assert " error" not in done.stdout.splitlines()[-1], done.stdout[-3000:]


def test_with_every_guard_a_test_of_each_file_passes_on_such_a_copy(tmp_path: Path) -> None:
    # all of them have passed elsewhere: what is to be seen is that their files work with a copy
    tests = list({_place(one): one["test"] for one in TABLE if EVERY or not one.get("container")}.values())
    python = copied(tmp_path)
    where = [str(python), "-I", "-c", "import sandbox.cli, pytest; print(sandbox.cli.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    assert found == str(tmp_path / "source/sandbox/cli.py")
    done = ran(python, *tests, seconds=ALL_SECONDS)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
