"""Every attack of `security/cases.toml` has a test that is there, or words for why it has none."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from support.named_tests import ROOT, in_file

CASES: list[dict[str, Any]] = tomllib.loads((ROOT / "tests/security/cases.toml").read_text())["case"]
# the list of attacks that the project holds itself to: 94 in six groups
GROUPS = {"ESC": 24, "RES": 14, "LIFE": 14, "IMG": 17, "WEB": 17, "OUT": 8}
# those that once got somewhere
ATTACKS = 79
MOST_REASONS = 6
# it stays so
MISSING_STILL = 0

EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])


def having(field: str) -> list[str]:
    return [case["id"] for case in CASES if case.get(field)]


def test_every_id_is_there_once() -> None:
    expected = [f"{group}-{number:02}" for group, count in GROUPS.items() for number in range(1, count + 1)]
    expected += [f"attack-{number}" for number in range(1, ATTACKS + 1)]
    assert [case["id"] for case in CASES] == expected
    assert len(expected) == 94 + ATTACKS


@EVERY_CASE
def test_a_case_has_its_tests_or_says_why_not(case: dict[str, Any]) -> None:
    assert case.keys() <= {"id", "attack", "tests", "reason", "missing"}
    assert case["attack"]
    assert len([field for field in ("tests", "reason", "missing") if case.get(field)]) == 1


@EVERY_CASE
def test_every_test_that_is_named_exists(case: dict[str, Any]) -> None:
    tests = case.get("tests", [])
    assert len(set(tests)) == len(tests)
    for test in tests:
        file, _, name = test.partition("::")
        assert name.partition("[")[0] in in_file(ROOT / file), test


def test_few_cases_have_a_reason_in_place_of_a_test() -> None:
    assert len(having("reason")) <= MOST_REASONS


def test_no_more_tests_are_missing_than_before() -> None:
    assert len(having("missing")) <= MISSING_STILL


def promises() -> list[str]:
    """The lines of SECURITY.md that say what is kept from whom."""
    parts = (ROOT / "SECURITY.md").read_text().split("\n## ")
    titles = (
        "컨테이너를 막는 것",
        "다른 두 격리 방식",
        "권한 없이 열었을 때",
        "이미지를 막는 것",
        "거절하는 것",
        "나쁜 날",
    )
    found = [part.splitlines() for title in titles for part in parts if part.startswith(f"{title}\n")]
    assert len(found) == len(titles)
    return [line for lines in found for line in lines if line.startswith("- ")]


@pytest.mark.parametrize("line", promises())
def test_a_promise_to_operators_names_what_proves_it(line: str) -> None:
    proofs = re.search(r" \(((?:`?[\w/.-]+`?(?:, )?)+)\)$", line)
    assert proofs, line
    for proof in proofs[1].split(", "):
        assert proof in having("tests") or (ROOT / proof.strip("`")).is_file(), proof
