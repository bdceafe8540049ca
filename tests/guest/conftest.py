"""The tests inside the guest take minutes of one processor, so they run beside all others and are asked about last."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest

from guest import inside
from guest.chosen import TESTS
from guest.inside import Told

TOLD: pytest.StashKey[Future[Told]] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Put them last, whatever else is ordered."""
    yield
    items.sort(key=_is_inside)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin with them, if they are wanted at all and this machine can have a guest."""
    wanted = [item for item in session.items if _is_inside(item)]
    if session.config.option.collectonly or not any(not item.get_closest_marker("skip") for item in wanted):
        return
    told: Future[Told] = Future()
    session.config.stash[TOLD] = told

    def run() -> None:
        try:
            with TemporaryDirectory(prefix="guest-") as folder:
                told.set_result(inside.run(Path(folder), TESTS))
        except BaseException as error:
            told.set_exception(error)

    # with this process it ends, and the guest with it
    Thread(target=run, daemon=True).start()


@pytest.fixture(scope="session")
def told(pytestconfig: pytest.Config) -> Told:
    """What became of the tests inside."""
    return pytestconfig.stash[TOLD].result()


def _is_inside(item: pytest.Item) -> bool:
    return item.path.name == "test_cgroup_v2.py"
