"""What became of the tests inside the guest, which take minutes of a processor."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from guest import inside
from guest.chosen import TESTS
from guest.inside import Outcome


@pytest.fixture(scope="session")
def outcome() -> Outcome:
    """Run them all in one guest."""
    with TemporaryDirectory(prefix="guest-") as folder:
        return inside.run(Path(folder), TESTS)
