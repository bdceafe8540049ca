"""A line that is offered is one that starts here: of all golden lines, and of thousands of slips."""

from __future__ import annotations

import random
import tomllib

import pytest

from sandbox.hints import World
from support import slips
from support.backend import REPOSITORY
from support.pretend_host import DONE, FRESH, PULLED, STARTED, told

GOLDEN = sorted((REPOSITORY / "tests/unit/cases/command").glob("*.toml"))
CONFORMANCE = sorted((REPOSITORY / "tests/conformance/lines").glob("*.toml"))
SLIPS, SEED = 3000, 20_261_130
WORLDS = pytest.mark.parametrize("world", [PULLED, FRESH], ids=["pulled", "fresh"])


def unfit(line: str, world: World) -> list[str]:
    """The lines that are offered for `line` and do not start here."""
    return [offer for offer in told(line, world).offers if told(offer, world).outcome not in (STARTED, DONE)]


def golden() -> list[str]:
    """Every line of the golden cases and of the conformance tests."""
    lines = [tomllib.loads(file.read_text())["line"] for file in GOLDEN]
    tables = [tomllib.loads(file.read_text()) for file in CONFORMANCE]
    return lines + [text for table in tables for text in _texts(table) if text.startswith("docker ")]


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inside for text in _texts(one)]


@WORLDS
def test_what_is_offered_for_a_golden_line_starts_here(world: World) -> None:
    lines = golden()
    assert len(lines) > 300
    wrong = {line: found for line in lines if (found := unfit(line, world))}
    assert not wrong
    assert sum(bool(told(line, world).offers) for line in lines) > 50


@WORLDS
def test_what_is_offered_for_a_slip_starts_here(world: World) -> None:
    seed = random.Random(SEED)
    lines = list(dict.fromkeys(slips.line(seed) for _ in range(SLIPS)))
    assert len(lines) > 2000
    wrong = {line: found for line in lines if (found := unfit(line, world))}
    assert not wrong
    # and most slips are helped
    assert sum(bool(told(line, world).offers) for line in lines) > len(lines) // 3


def test_a_slip_that_is_not_carried_out_is_never_left_without_a_word() -> None:
    seed = random.Random(SEED)
    silent = [line for line in {slips.line(seed) for _ in range(SLIPS)} if told(line).outcome not in (STARTED, DONE)]
    assert not [line for line in silent if not told(line).hint]


def test_an_offer_is_not_the_line_that_has_just_failed() -> None:
    seed = random.Random(SEED)
    lines = {slips.line(seed) for _ in range(SLIPS)}
    failed = [line for line in lines if told(line).outcome not in (STARTED, DONE)]
    assert not [line for line in failed if line in told(line).offers]
