"""A clean-up that fails is tried again until it is done, and a deadline that fails takes no other one with it."""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from sandbox.linux import files
from sandbox.linux.programs import Program
from sandbox.runner import aside
from sandbox.runner.cleanup import DeferredCleanup, in_order
from sandbox.runner.container.deadlines import Deadlines
from sandbox.runner.kernel import bridge
from support import pace
from support.files import runs


def raising(error: Exception) -> Callable[..., object]:
    def raises(*_: object, **__: object) -> object:
        raise error

    return raises


def noting(done: list[str], what: str) -> bool:
    done.append(what)
    return True


async def test_a_clean_up_that_fails_goes_on_where_it_stopped() -> None:
    done: list[str] = []
    finished = asyncio.Event()
    lacking = [OSError(errno.EMFILE, "no more"), RuntimeError("no thread")]

    def first() -> bool:
        done.append("first")
        return True

    def second() -> bool:
        done.append("second")
        if lacking:
            raise lacking.pop()
        return True

    def last() -> bool:
        finished.set()
        return True

    DeferredCleanup().later(in_order(first, second, last))
    async with asyncio.timeout(pace.seconds(5)):
        await finished.wait()
    assert done == ["first", "second", "second", "second"]


async def test_a_step_that_takes_long_holds_nobody_up_and_the_next_one_comes_at_once() -> None:
    cleanup, released, ended = DeferredCleanup(), threading.Event(), asyncio.Event()
    done: list[str] = []

    def slow() -> bool:
        released.wait(pace.seconds(5))
        done.append("slow")
        return True

    def last() -> bool:
        done.append("last")
        ended.set()
        return True

    cleanup.now(in_order(cleanup.aside(slow), last))
    cleanup.now(partial(noting, done, "other"))
    # so long that it would not be tried again for a while
    await asyncio.sleep(0.4)
    assert done == ["other"]
    released.set()
    async with asyncio.timeout(pace.seconds(0.2)):
        await ended.wait()
    assert done == ["other", "slow", "last"]


async def test_a_step_that_fails_in_its_thread_is_tried_again_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    cleanup, ended, lacking = DeferredCleanup(), asyncio.Event(), [OSError(errno.EMFILE, "no more")] * 2

    def step() -> bool:
        if lacking:
            raise lacking.pop()
        return True

    def last() -> bool:
        ended.set()
        return True

    cleanup.now(in_order(cleanup.aside(step), last))
    async with asyncio.timeout(pace.seconds(5)):
        await ended.wait()
    assert caplog.text.count("a clean-up failed") == 1


async def test_at_the_end_a_step_that_a_thread_does_is_waited_for() -> None:
    cleanup, done = DeferredCleanup(), list[str]()

    def slow() -> bool:
        time.sleep(0.2)
        return noting(done, "slow")

    cleanup.later(in_order(cleanup.aside(slow), partial(noting, done, "last")))
    cleanup.finish()
    assert done == ["slow", "last"]


async def test_what_a_thread_does_is_done_when_its_run_goes_on_though_that_is_cancelled() -> None:
    done: list[str] = []

    def slow() -> None:
        time.sleep(0.2)
        done.append("slow")

    async def cancelled() -> None:
        try:
            await aside.done(slow)
        finally:
            done.append("next")

    task = asyncio.create_task(cancelled())
    for _ in range(3):
        await asyncio.sleep(0.02)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["slow", "next"]


async def test_the_one_thread_there_is_does_all_when_no_more_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = ThreadPoolExecutor(4)
    monkeypatch.setattr(aside, "_THREADS", threads)
    aside.ready()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", raising(RuntimeError("can't start new thread")))
        both = asyncio.gather(
            *(aside.done(partial(time.sleep, 0.1)) for _ in range(2)), aside.done(threading.get_ident)
        )
        async with asyncio.timeout(pace.seconds(5)):
            assert (await both)[-1] != threading.get_ident()
    threads.shutdown()


async def test_a_deadline_that_fails_leaves_the_others() -> None:
    deadlines, kept = Deadlines(), threading.Event()

    def fail() -> None:
        raise OSError(errno.EPERM, "not that one")

    with deadlines.after(0.01, fail), deadlines.after(0.05, kept.set):
        assert kept.wait(pace.seconds(2))


async def test_a_deadline_that_no_thread_can_keep_is_refused_and_the_next_one_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deadlines, kept = Deadlines(), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", raising(RuntimeError("can't start new thread")))
        with pytest.raises(RuntimeError), deadlines.after(0.01, pytest.fail):
            pass
    with deadlines.after(0.01, kept.set):
        assert kept.wait(pace.seconds(2))


def test_a_folder_that_is_gone_is_removed_and_one_that_stays_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.remove_tree(tmp_path / "gone")
    (tmp_path / "there/deep").mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr("os.rmdir", raising(OSError(errno.EBUSY, "busy")))
        with pytest.raises(OSError, match="busy"):
            files.remove_tree(tmp_path / "there")
    files.remove_tree(tmp_path / "there")
    assert not (tmp_path / "there").exists()


async def test_a_program_is_waited_for_killed_and_never_lost_sight_of(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await Program(["sh", "-c", "exit 3"]).wait() == 3
    assert await Program(["sleep", "60"]).end() == -9
    started: list[int] = []

    def refused(pid: int) -> int:
        started.append(pid)
        raise OSError(errno.EMFILE, "no more")

    monkeypatch.setattr("os.pidfd_open", refused)
    with pytest.raises(OSError, match="no more"):
        Program(["sleep", "60"])
    assert not runs(started[0])


async def test_what_iproute_says_is_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, "Program", lambda _, **options: Program(["sh", "-c", "cat >&2; exit 1"], **options))
    with pytest.raises(OSError, match="ip: link add x"):
        await bridge._batch("/proc/self/ns/net", "ip", "link add x")
