"""`security/guards.toml` names each guard as it is written, and a test that is there: found out before they are taken
out."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from support.imports import SOURCE
from support.named_tests import ROOT, in_file

GUARDS: list[dict[str, Any]] = tomllib.loads((ROOT / "tests/security/guards.toml").read_text())["guard"]


@pytest.mark.parametrize("guard", GUARDS, ids=[guard["point"] for guard in GUARDS])
def test_a_guard_stands_where_the_table_says(guard: dict[str, Any]) -> None:
    for one in (guard, *guard.get("also", [])):
        assert (SOURCE / one["file"]).read_text().count(one["guard"]) == 1, one
    file, _, name = guard["test"].partition("::")
    assert name.partition("[")[0] in in_file(ROOT / file)
