"""Whoever ends the backend, and however it was started, it ends without a word about its own processes."""

from __future__ import annotations

import os
import signal

import pytest

from support import pace
from support.backend import STOP_SECONDS, running
from support.client import run

pytestmark = pytest.mark.container


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
@pytest.mark.parametrize("within", [[], ["env", "--ignore-signal=CHLD"]], ids=["shell", "who ignores children"])
def test_it_says_nothing_of_its_processes_when_it_ends(number: signal.Signals, within: list[str]) -> None:
    # a terminal sends Ctrl-C to all that are in its group
    with running(within=["setsid", *within]) as backend:
        assert run(backend.url, "docker run hello-world").code == 0
        before = backend.log.read_text()
        (os.killpg if number == signal.SIGINT else os.kill)(backend.process.pid, number)
        assert backend.process.wait(pace.seconds(STOP_SECONDS)) == 0
        said = backend.log.read_text().removeprefix(before)
    assert said.strip() == ""
