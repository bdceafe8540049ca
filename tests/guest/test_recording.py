"""What `make record` does where no containers may be made: it boots a guest, and runs the demos there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from docker_run.fence import Fence
from docker_run.recording.record import fresh_recordings
from docker_run.recording.server import started
from support import guest

pytestmark = pytest.mark.guest


def test_demos_are_recorded_from_a_guest_and_those_of_other_isolations_keep_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MACHINE", "guest")
    # of an earlier set-up with root, whose virtual machines a guest does not have
    state = guest.state_in(tmp_path)
    (state / "vm").mkdir()
    (state / "vm/.ready").touch()
    fences = [Fence(1, {"id": "a"}, "docker run alpine echo hi"), Fence(2, {"id": "b"}, "docker run alpine", "vm")]
    with started(state, {"vm"}) as backend:
        begun = time.monotonic()
        assert backend.isolations() == {"container"}
        first, second = fresh_recordings(backend, fences)
        assert time.monotonic() - begun < 60
    assert second is None
    assert first
    assert "".join(event["text"] for event in first.events if event.get("stream") == "stdout") == "hi\n"
    assert " · Linux " in first.engine
    assert not guest.left(state)
