"""The built site, once for all tests of it."""

from __future__ import annotations

import pytest

from support.built_site import Built, build


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("site"))
