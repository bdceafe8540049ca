"""Whoever pulls without end, or what takes long, leaves others their turn and the registry in peace."""

from __future__ import annotations

import asyncio
import io
import json
import re
import tarfile
import threading
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

import pytest

from sandbox.docker.messages import pull_error
from sandbox.images import programs, pull
from sandbox.images.store import Held, Store
from sandbox.images.unpacker.client import Budget, unpack
from sandbox.model.events import Notice
from sandbox.model.image import Layer
from sandbox.model.protocol import PullRequest
from sandbox.settings import Settings
from support import oci, pace
from support.fake_registry import FakeRegistry
from support.layers import refusal
from support.pulls import LAYERS, Bench, Line, last, pulling, store_in, until

pytestmark = pytest.mark.container
SLOW = "slow"


@pytest.fixture
async def bench(tmp_path: Path, stocked: FakeRegistry) -> AsyncIterator[Bench]:
    for number in range(4):
        oci.hold(stocked, f"library/{SLOW}{number}:latest", oci.build([{f"{SLOW}{number}": b""}, {"shared": b""}]))
    oci.hold(stocked, "library/fresh:latest", oci.build([{f"fresh{number}": b""} for number in range(3)]))
    async with pulling(tmp_path, stocked.url) as made:
        yield made


class Slow:
    """Unpacks the layers of `slow` images when it is released; `begun` are those that it has begun."""

    def __init__(self, stocked: FakeRegistry) -> None:
        self.begun: list[str] = []
        self.release = asyncio.Event()
        self._slow = {oci.build([{f"{SLOW}{number}": b""}]).layer_digests[0] for number in range(4)}

    async def unpack(self, settings: Settings, store: Store, layer: Layer, blob: object, budget: Budget) -> Held:
        if layer.digest in self._slow:
            self.begun.append(layer.digest)
            await self.release.wait()
        return await unpack(settings, store, layer, blob, budget)  # type: ignore[arg-type]  # passed on as it came


@pytest.fixture
def slow(stocked: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow(stocked)
    monkeypatch.setattr(pull, "unpack", made.unpack)
    return made


async def test_attack_67_whoever_unpacks_what_takes_long_leaves_others_their_turn(bench: Bench, slow: Slow) -> None:
    greedy = [asyncio.create_task(bench.pull(f"{SLOW}{number}", address="greedy")) for number in range(4)]
    await until(lambda: slow.begun)
    for name in ("fresh", "alpine"):
        assert last(await bench.pull(name, address=name))["type"] == "fetched"
    assert len(slow.begun) == 1
    slow.release.set()
    assert {last(lines)["type"] for lines in await asyncio.gather(*greedy)} == {"fetched"}


async def test_attack_67_what_is_waited_for_others_is_no_part_of_a_pulls_time(bench: Bench, slow: Slow) -> None:
    greedy = asyncio.create_task(bench.pull(f"{SLOW}0", address="greedy"))
    await until(lambda: slow.begun)
    seconds = 1.5 * pace.now()
    bench.pulls._settings = replace(bench.settings, pull_seconds=seconds)
    late = asyncio.create_task(bench.pull("fresh", address="greedy"))
    await asyncio.sleep(1.2 * seconds)
    slow.release.set()
    assert [last(lines)["type"] for lines in await asyncio.gather(greedy, late)] == ["fetched"] * 2


async def test_attack_67_who_waits_for_a_turn_keeps_no_layer_from_others(
    bench: Bench, stocked: FakeRegistry, slow: Slow
) -> None:
    for name, layers in (("both", [{"shared": b""}, {"own": b""}]), ("shared", [{"shared": b""}])):
        oci.hold(stocked, f"library/{name}:latest", oci.build(layers))
    greedy = [asyncio.create_task(bench.pull(f"{SLOW}0", address="greedy"))]
    await until(lambda: slow.begun)
    greedy.append(asyncio.create_task(bench.pull("both", address="greedy")))
    await until(lambda: bench.pulls._tools.unpacks.waiting)
    assert last(await bench.pull("shared", address="other"))["type"] == "fetched"
    slow.release.set()
    assert {last(lines)["type"] for lines in await asyncio.gather(*greedy)} == {"fetched"}


async def test_whoever_waits_long_hears_that_it_goes_on(
    bench: Bench, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "AGAIN_SECONDS", 0.01)
    first = asyncio.create_task(bench.pull(f"{SLOW}0", address="greedy"))
    await until(lambda: slow.begun)
    second = asyncio.create_task(bench.pull("fresh", address="greedy"))
    await asyncio.sleep(0.3)
    slow.release.set()
    assert last(await first)["type"] == "fetched"
    assert sum(line.get("status") == "Extracting" for line in await second) > 6


def head(kind: bytes, size: int = 0) -> bytes:
    """The header of an entry of a layer."""
    info = tarfile.TarInfo("f")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.USTAR_FORMAT)


async def test_attack_68_a_layer_of_very_many_records_is_refused(tmp_path: Path) -> None:
    records = b"5 a=\n" * ((1 << 20) // 5)
    described = (head(b"x", len(records)) + records + b"\0") * 7 + head(b"0")
    error = await refusal(store_in(tmp_path, image_bytes=64 << 20), described * 2 + bytes(1024))
    assert (error.code, error.text) == ("bad-image", "the layer has too many headers, records or folders to unpack")


async def test_attack_69_the_programs_of_an_image_are_listed_once(
    watched: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []

    def counted(layers: Iterable[Path]) -> tuple[str, ...] | None:
        looked.append(layers)
        return listed(layers)

    listed = programs.listed
    monkeypatch.setattr(programs, "listed", counted)
    images = [last(lines)["image"] for lines in await asyncio.gather(*(watched.pull() for _ in range(4)))]
    images.append(last(await watched.pull())["image"])
    assert [image["programs"] for image in images] == [["/bin/busybox", "/bin/sh"]] * 5
    assert len(looked) == 1


async def test_attack_69_pulls_are_in_no_thread_that_others_need(watched: Bench) -> None:
    with ThreadPoolExecutor(1) as taken:
        asyncio.get_running_loop().set_default_executor(taken)
        release = threading.Event()
        taken.submit(release.wait)
        try:
            assert last(await asyncio.wait_for(watched.pull(), pace.seconds(10)))["type"] == "fetched"
        finally:
            release.set()


async def test_attack_69_what_is_held_already_is_written_to_no_disk(watched: Bench) -> None:
    await watched.pull()
    (kept,) = (watched.settings.data_dir / "images").iterdir()
    before = kept.stat().st_ino
    await watched.pull()
    assert kept.stat().st_ino == before


def manifests(fake: FakeRegistry) -> int:
    """How often the registry was asked for one."""
    return len(fake.asked("/manifests/|/tags/"))


async def test_attack_71_one_answer_of_the_registry_is_for_all_visitors(tmp_path: Path, stocked: FakeRegistry) -> None:
    oci.hold(stocked, "library/many:latest", oci.build(LAYERS, index=True))
    async with pulling(tmp_path, stocked.url, tag_seconds=60.0) as bench:
        for name, asked in (("alpine", 1), ("many", 2), ("nosuch", 2), ("alpine:nosuch", 2)):
            before = manifests(stocked)
            ends = [last(await bench.pull(name, address=address)) for address in "abcd"]
            # but for the image's name these are one and the same
            assert len({end["type"] for end in ends}) == 1
            assert manifests(stocked) - before == asked
            assert ends[0]["type"] == ("no-image" if "nosuch" in name else "fetched")
        # of another name of the same thing the reader's own is told
        end = last(await bench.pull("library/nosuch"))
        assert end == ends_of_missing("nosuch")
        config = json.loads(oci.build(LAYERS, {"Cmd": ["/bin/sh"]}).manifests[0][0])["config"]["digest"]
        assert len(stocked.asked(config)) == 1


def ends_of_missing(name: str) -> Line:
    text = f"pull access denied for {name}, repository does not exist or may require 'docker login'"
    return {"type": "no-image", "stderr": pull_error(text), "code": 1, "reason": "no-such-repository"}


@pytest.mark.parametrize(("seconds", "digests"), [(0.0, 2), (0.2, 2), (60.0, 1)])
async def test_a_tag_that_moves_is_believed_for_so_long(
    tmp_path: Path, stocked: FakeRegistry, seconds: float, digests: int
) -> None:
    async with pulling(tmp_path, stocked.url, tag_seconds=seconds) as bench:
        first = last(await bench.pull())["image"]["digest"]
        oci.hold(stocked, "library/alpine:latest", oci.build([{"moved": b""}]))
        await asyncio.sleep(seconds if seconds < 1 else 0)
        assert len({first, last(await bench.pull())["image"]["digest"]}) == digests


async def test_attack_71_an_address_that_asks_without_end_waits_and_others_do_not(
    tmp_path: Path, stocked: FakeRegistry
) -> None:
    async def told(bench: Bench) -> int:
        """For how many seconds a pull has to wait, which is left then."""
        async with aclosing(bench.pulls.pull(PullRequest("alpine", None, (), 0.0, "greedy"))) as messages:
            notice = await anext(messages)
        assert isinstance(notice, Notice)
        assert notice.code == "registry-turn"
        return int(re.findall(r"(\d+)초", notice.text)[0])

    async with pulling(tmp_path, stocked.url, registry_questions=2) as bench:
        for number in range(2):
            assert last(await bench.pull(f"nosuch{number}", address="greedy"))["type"] == "no-image"
        # who has left has not asked: the next one waits no longer
        assert 1 < await told(bench) <= 30
        assert 1 < await told(bench) <= 30
        assert stocked.asked("alpine") == []
        assert last(await bench.pull(address="other"))["type"] == "fetched"


async def test_attack_72_what_goes_with_its_last_descriptor_goes_in_a_thread(
    watched: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[threading.Thread] = []
    spool = watched.store.spool

    def noted() -> IO[bytes]:
        file = spool()

        def close() -> None:
            closed.append(threading.current_thread())
            io.FileIO.close(cast("io.FileIO", file))

        monkeypatch.setattr(file, "close", close)
        return file

    monkeypatch.setattr(watched.store, "spool", noted)
    assert last(await watched.pull())["type"] == "fetched"
    # a manifest, a configuration, and the layers
    await until(lambda: len(closed) == 2 + len(LAYERS))
    assert threading.current_thread() not in closed
