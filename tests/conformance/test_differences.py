"""The lines that knowingly differ do so in just the way that the table says."""

from __future__ import annotations

import re

import pytest

from conformance import table
from conformance.sides import BackendSide, EngineSide
from conformance.table import Difference, Said
from support.engine import Answer

DIFFERENCES = table.differences()


@pytest.mark.engine
@pytest.mark.container
@pytest.mark.parametrize("difference", DIFFERENCES, ids=[one.id for one in DIFFERENCES])
def test_each_side_answers_as_the_table_says(
    docker_engine: EngineSide, here: BackendSide, difference: Difference
) -> None:
    _check(docker_engine.run(difference.line, first=difference.first), difference.docker)
    _check(here.run(difference.line, first=difference.first), difference.here)


def _check(answer: Answer, said: Said) -> None:
    assert answer.code == said.code, answer
    assert said.stdout in (None, answer.stdout), answer
    for pattern, text in ((said.stdout_has, answer.stdout), (said.stderr_has, answer.stderr)):
        assert pattern is None or re.search(pattern, text), answer
