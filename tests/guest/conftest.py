"""The guests that more than one test looks at: each boot takes half a minute of a processor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from guest import inside
from guest.asked import Served, page, status, until
from guest.chosen import TESTS
from guest.inside import Outcome
from support import guest


@pytest.fixture(scope="session")
def outcome() -> Outcome:
    """What became of the tests that are run inside one."""
    with TemporaryDirectory(prefix="guest-") as folder:
        return inside.run(Path(folder), TESTS)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """One that serves, for all but those of the other fixture; the last tests of `test_serving.py` break it."""
    with guest.running() as backend:
        until(lambda: page(backend.url) == 200)
        first = page(backend.url), status(backend.url, "GET", "/v1/health"), status(backend.url, "POST", "/v1/hosts")
        guest.until_live(backend)
        yield Served(backend, first)
