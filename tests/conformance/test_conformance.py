"""Each line of the tables, answered by a real Docker Engine and by this backend."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance import table
from conformance.normalise import normalised
from conformance.sides import BackendSide, EngineSide
from conformance.table import Line

LINES = table.lines()

pytestmark = [pytest.mark.engine, pytest.mark.container]


@pytest.mark.parametrize("line", LINES, ids=[line.id for line in LINES])
def test_docker_and_this_backend_answer_alike(docker_engine: EngineSide, here: BackendSide, line: Line) -> None:
    with ThreadPoolExecutor(2) as pool:
        real, ours = (pool.submit(side.run, line.line, line.fresh, line.first) for side in (docker_engine, here))
    assert normalised(ours.result(), "backend", line.rules) == normalised(real.result(), "engine", line.rules)
