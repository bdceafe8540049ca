"""A backend in a machine that is software: how long a run takes there is measured, and told by health."""

from __future__ import annotations

import time

import pytest

from support.backend import running
from support.client import call, run

pytestmark = pytest.mark.container
SECONDS = 60.0
# how far a run over HTTP and one of the runner's own may lie apart on a busy machine
TIMES = 20


def test_health_tells_what_a_run_takes_there_once_it_was_measured() -> None:
    with running({"emulated": True}) as backend:
        assert "run_ms" not in call(backend.url, "GET", "/v1/health")[1]
        run(backend.url, "docker run alpine true")
        begun = time.monotonic()
        assert run(backend.url, "docker run alpine true").code == 0
        took = time.monotonic() - begun
        while "run_ms" not in (health := call(backend.url, "GET", "/v1/health")[1]):
            assert time.monotonic() - begun < SECONDS, health
            time.sleep(0.2)
        assert health["emulated"] is True
        assert took / TIMES < health["run_ms"] / 1000 < took * TIMES
