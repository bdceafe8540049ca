"""What is done in threads: whoever looks at a stranger's files has none of those that make and remove things."""

from __future__ import annotations

import threading

import pytest

from sandbox.runner import aside


async def test_a_look_that_does_not_come_back_is_given_up_and_keeps_nothing_else_waiting() -> None:
    go_on = threading.Event()
    try:
        for _ in range(20):
            with pytest.raises(TimeoutError):
                await aside.looked(0.01, go_on.wait)
        assert await aside.done(lambda: "removed") == "removed"
    finally:
        go_on.set()


async def test_what_a_look_sees_or_fails_with_is_the_callers() -> None:
    assert await aside.looked(10, lambda: 7) == 7
    with pytest.raises(FileNotFoundError):
        await aside.looked(10, lambda: open("/nosuch"))  # noqa: SIM115, PTH123 - it is not there
