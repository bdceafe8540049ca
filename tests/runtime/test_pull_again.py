"""What a store or a visitor's host has already is neither brought nor unpacked again, and makes room for what comes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sandbox.images import pull
from sandbox.images.store import Held, Store, UnknownImageError
from sandbox.images.unpacker.client import Budget, unpack
from sandbox.model import plain
from sandbox.model.image import Image, Layer
from sandbox.settings import Settings
from support import oci
from support.fake_registry import Answer, FakeRegistry
from support.pulls import LAYERS, Bench, last, pulling, statuses

pytestmark = pytest.mark.container


async def test_a_visitor_downloads_what_its_own_host_lacks_and_nothing_is_unpacked_twice(
    watched: Bench, fake: FakeRegistry
) -> None:
    first = plain.decode(Image, last(await watched.pull())["image"])
    before = [watched.store.layer_path(layer).stat() for layer in first.layers]
    second = await watched.pull()
    assert [status for _, status in statuses(second)].count("Pull complete") == len(first.layers)
    assert [watched.store.layer_path(layer).stat() for layer in first.layers] == before
    for layer in first.layers:
        assert len(fake.asked(layer.digest)) == 2


async def test_what_the_host_has_already_is_not_downloaded(watched: Bench, fake: FakeRegistry) -> None:
    made = plain.decode(Image, last(await watched.pull())["image"])
    have = made.layers[0].digest
    lines = await watched.pull(have=[have])
    assert (have[7:19], "Already exists") in statuses(lines)
    assert (made.layers[1].digest[7:19], "Pull complete") in statuses(lines)
    assert len(fake.asked(have)) == 1
    assert last(lines)["type"] == "fetched"


async def test_a_layer_that_the_host_had_and_the_store_lost_is_downloaded(watched: Bench) -> None:
    digests = oci.build(LAYERS).layer_digests
    lines = await watched.pull(have=digests)
    assert last(lines)["type"] == "fetched"
    assert (digests[0][7:19], "Pull complete") in statuses(lines)


async def test_two_pulls_at_once_unpack_a_layer_once(watched: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[str] = []

    async def counted(settings: Settings, store: Store, layer: Layer, blob: object, budget: Budget) -> Held:
        unpacked.append(layer.digest)
        return await unpack(settings, store, layer, blob, budget)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(pull, "unpack", counted)
    both = await asyncio.gather(*(watched.pull() for _ in range(4)))
    assert [last(lines)["type"] for lines in both] == ["fetched"] * 4
    assert sorted(unpacked) == sorted(set(unpacked))


async def test_a_pull_makes_room_for_itself(tmp_path: Path, stocked: FakeRegistry) -> None:
    oci.hold(stocked, "library/other:latest", oci.build([{"f": b"y" * 200_000}]))
    async with pulling(tmp_path, stocked.url, store_bytes=500_000, kept_images=()) as small:
        first = plain.decode(Image, last(await small.pull())["image"])
        second = plain.decode(Image, last(await small.pull("other"))["image"])
        assert [one.id for one in small.store.images()] == [second.id]
        with pytest.raises(UnknownImageError):
            small.store.layer_path(first.layers[0])
        # it comes again, also for a visitor who has it
        assert last(await small.pull(have=[layer.digest for layer in first.layers]))["type"] == "fetched"


async def test_layers_of_a_pull_that_failed_are_no_more_than_others(tmp_path: Path, fake: FakeRegistry) -> None:
    built = oci.build(LAYERS)
    oci.hold(fake, "library/half:latest", built)
    fake.on(built.layer_digests[1], Answer(status=404, delay=0.5))
    async with pulling(tmp_path, fake.url, store_bytes=1, kept_images=()) as small:
        assert last(await small.pull("half"))["type"] == "no-image"
        assert [*small.settings.data_dir.glob("layers/*")] == []


async def test_a_layer_that_is_there_twice_counts_once(watched: Bench, fake: FakeRegistry) -> None:
    oci.hold(fake, "library/twice:latest", oci.build([LAYERS[0], LAYERS[1], LAYERS[0]]))
    layers = last(await watched.pull("twice"))["image"]["layers"]
    assert [layer["digest"] for layer in layers] == list(oci.build([LAYERS[1], LAYERS[0]]).layer_digests)
