"""Both ends of `support/ends.py`, done to one backend: inside the guest a start takes long (`chosen`)."""

from __future__ import annotations

import pytest

from support import ends
from support.backend import running

pytestmark = pytest.mark.container


def test_a_killed_runner_leaves_no_disk_and_ctrl_c_nothing() -> None:
    before = ends.handed_down()
    with running({"slots": ends.SLOTS}) as own:
        ends.kill_the_runner(own)
        ends.press_ctrl_c(own, before)
