"""Every resource of `security/resources.toml` is bounded, has tests that are there, and stands in SECURITY.md, too; the
list of allowed calls says of each why it takes nothing else."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.named_tests import ROOT, collected

RESOURCES: list[dict[str, Any]] = tomllib.loads((ROOT / "tests/security/resources.toml").read_text())["resource"]
PROFILE: dict[str, Any] = json.loads((ROOT / "sandbox-backend/src/sandbox/runner/kernel/seccomp.json").read_text())
ATTACKS = ROOT / "tests/security/attack"
TOLD = {"name", "bound", "one", "all"}
MOST_REASONS = 7

EVERY_RESOURCE = pytest.mark.parametrize("resource", RESOURCES, ids=[one["name"] for one in RESOURCES])


def section(title: str) -> str:
    """A section of SECURITY.md."""
    return (ROOT / "SECURITY.md").read_text().split(f"## {title}\n")[1].split("\n## ")[0]


@EVERY_RESOURCE
def test_a_resource_says_what_bounds_it_for_one_run_and_for_all(resource: dict[str, Any]) -> None:
    assert TOLD <= resource.keys() <= TOLD | {"tests", "reason"}
    assert all(resource[field] for field in TOLD)


@EVERY_RESOURCE
def test_a_resource_has_its_tests_or_says_why_not(resource: dict[str, Any]) -> None:
    assert bool(resource.get("tests")) != bool(resource.get("reason"))
    assert len(set(resource.get("tests", []))) == len(resource.get("tests", []))


def test_every_test_that_is_named_exists_with_its_parameters() -> None:
    named = [test for one in RESOURCES for test in one.get("tests", [])]
    assert set(named) <= collected(test.partition("::")[0] for test in named)


def test_few_resources_have_a_reason_in_place_of_a_test() -> None:
    assert len([one for one in RESOURCES if one.get("reason")]) <= MOST_REASONS


def test_the_table_for_operators_has_the_same_rows() -> None:
    rows = re.findall(r"^\| (.+?) \| .+ \|$", section("cgroup이 세지 않는 것"), re.MULTILINE)
    assert rows[1:] == [one["name"] for one in RESOURCES]
    assert len(set(rows)) == len(rows)


def test_every_attack_that_is_written_is_carried_out() -> None:
    verbs = {
        verb
        for file in ATTACKS.glob("*.c")
        for table in re.findall(r"^const struct verb \w+\[\] = \{(.+?)^\};", file.read_text(), re.MULTILINE | re.DOTALL)
        for verb in re.findall(r'\{"([\w-]+)", ', table)
    }
    text = "\n".join(file.read_text() for file in (ROOT / "tests").rglob("*.py") if file != Path(__file__))
    assert len(verbs) > 40
    assert {verb for verb in verbs if not re.search(rf'["(]{verb}[ "\'{{]', text)} == set()


def test_a_call_stands_in_one_place_of_the_list_with_a_reason() -> None:
    calls = [call for group in PROFILE["allow"] for call in group["calls"]]
    calls += [call for part in ("errors", "arguments", "without_bits") for call in PROFILE[part]]
    assert [call for call, count in Counter(calls).items() if count > 1] == []
    parts = [PROFILE[part] for part in ("errors", "arguments", "quick", "without_bits", "options")]
    assert all(
        one["why"]
        for one in (*PROFILE["allow"], PROFILE["sockets"], *(each for part in parts for each in part.values()))
    )
