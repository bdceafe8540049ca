"""Pulls as the runner makes them: from a real registry, and from one that can be watched."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import re
import shutil
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sandbox.docker.messages import pull_error
from sandbox.model import plain
from sandbox.model.image import Config, Image
from sandbox.model.protocol import PullRequest
from support import oci, pace, registry
from support.fake_registry import Answer, FakeRegistry
from support.files import text_of
from support.pulls import LAYERS, Bench, last, pulling, statuses, until

pytestmark = pytest.mark.container
LABELS = {"io.docker-run.provenance": "stand-in"}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry.running(tmp_path_factory.mktemp("registry")) as url:
        yield url


@pytest.fixture
async def bench(tmp_path: Path, real: str) -> AsyncIterator[Bench]:
    async with pulling(tmp_path, real) as made:
        yield made


@pytest.mark.parametrize("form", ["gzip", "zstd", ""])
async def test_an_image_comes_from_a_real_registry(bench: Bench, real: str, form: str) -> None:
    name = f"library/form-{form or 'plain'}:3.19"
    digest = oci.push_image(real, name, LAYERS, {"Cmd": ["/bin/sh"]}, LABELS, compression=form, index=True)
    lines = await bench.pull(name.removeprefix("library/"))
    made = plain.decode(Image, last(lines)["image"])
    assert lines[0] == {"type": "resolved", "digest": digest, "provenance": "stand-in"}
    assert (made.digest, made.config.cmd, made.architecture, made.provenance) == (
        digest,
        ("/bin/sh",),
        "amd64",
        "stand-in",
    )
    assert made.id != digest
    kept = bench.store.image(made.id)
    assert made.programs == ("/bin/busybox", "/bin/sh")
    assert dataclasses.replace(kept, config=made.config, programs=made.programs) == made
    assert kept in bench.store.images()
    paths = [bench.store.layer_path(layer) for layer in made.layers]
    assert [(path / name).exists() for path in paths for name in ("bin/busybox", "etc/os-release")] == [1, 0, 0, 1]


async def test_what_only_a_container_needs_of_an_image_stays_in_the_store(watched: Bench, fake: FakeRegistry) -> None:
    said = {"Entrypoint": ["/e" * 1000], "Cmd": ["a"] * 900, "Env": [f"A{n}=" for n in range(50)]}
    oci.hold(fake, "library/wordy:latest", oci.build(LAYERS, said, LABELS))
    shown = plain.decode(Image, last(await watched.pull("wordy"))["image"])
    assert shown.config == Config(("/e" * 128,), ("a",) * 16)
    kept = watched.store.image(shown.id).config
    assert (len(kept.entrypoint[0]), len(kept.cmd), len(kept.env), len(kept.labels)) == (2000, 900, 50, 1)


async def test_progress_is_told_in_docker_s_words(bench: Bench, real: str) -> None:
    oci.push_image(real, "library/words:latest", LAYERS)
    lines = await bench.pull("words")
    layers = [layer["digest"].split(":")[1][:12] for layer in last(lines)["image"]["layers"]]
    reported = statuses(lines)
    for layer in layers:
        own = [status for name, status in reported if name == layer]
        assert own == ["Pulling fs layer", "Downloading", "Download complete", "Extracting", "Pull complete"]
    finished = [name for name, status in reported if status == "Pull complete"]
    assert finished == layers
    bars = [line for line in lines if line.get("status") == "Downloading"]
    assert all(0 < line["current"] <= line["total"] for line in bars)


async def test_a_missing_tag_repository_and_platform_get_docker_s_words(bench: Bench, real: str) -> None:
    oci.push_image(real, "library/there:latest", LAYERS, index=True)
    answers = {
        ("there:nosuch", None): 'failed to resolve reference "docker.io/library/there:nosuch": '
        "docker.io/library/there:nosuch: not found",
        ("nosuch", None): "pull access denied for nosuch, repository does not exist or may require 'docker login'",
        ("there", "linux/s390x"): "no matching manifest for linux/s390x in the manifest list entries: "
        "no match for platform in manifest: not found",
    }
    for (reference, platform), message in answers.items():
        assert last(await bench.pull(reference, platform))["stderr"] == pull_error(message)


async def test_an_image_without_an_index_is_for_whoever_asks_for_no_platform(bench: Bench, real: str) -> None:
    oci.push_image(real, "library/other:latest", LAYERS, architecture="s390x")
    assert last(await bench.pull("other"))["image"]["architecture"] == "s390x"
    assert last(await bench.pull("other", "linux/s390x"))["type"] == "fetched"
    end = last(await bench.pull("other", "linux/amd64"))
    assert (end["reason"], end["stderr"]) == (
        "no-such-platform",
        pull_error(
            "image with reference other:latest was found but does not provide the specified platform (linux/amd64)"
        ),
    )


async def test_an_image_comes_by_its_digest(bench: Bench, real: str) -> None:
    digest = oci.push_image(real, "library/pinned:latest", LAYERS, index=True)
    assert last(await bench.pull(f"pinned@{digest}"))["image"]["digest"] == digest


async def test_a_reader_that_leaves_ends_the_pull(watched: Bench, fake: FakeRegistry) -> None:
    fake.on("/blobs/", Answer(pace=0.2))
    lines = watched.pulls.pull(PullRequest("alpine", None, (), time.monotonic()))
    assert await anext(lines)
    await lines.aclose()
    assert watched.on_disk() == []
    fake.behave()
    assert last(await watched.pull())["type"] == "fetched"


async def test_a_puller_that_is_killed_fails_its_pulls_and_is_started_again(watched: Bench, fake: FakeRegistry) -> None:
    fake.on("/blobs/", Answer(delay=30))
    running = asyncio.create_task(watched.pull())
    await until(lambda: bool(fake.asked("/blobs/")))
    killed = watched.pulls.puller.pid
    os.kill(killed, signal.SIGKILL)
    ended = last(await running)
    assert (ended["type"], ended["code"]) == ("failed", "puller-failed")
    fake.behave()
    await until(lambda: watched.pulls.puller.pid != killed)
    assert last(await watched.pull())["type"] == "fetched"


async def test_a_pull_past_its_time_is_refused(tmp_path: Path, stocked: FakeRegistry) -> None:
    stocked.on("/blobs/", Answer(delay=30))
    async with pulling(tmp_path, stocked.url, pull_seconds=0.6) as bench:
        begun = time.monotonic()
        assert last(await bench.pull())["reason"] == "registry-slow"
        assert time.monotonic() - begun < 0.6 + pace.seconds(2)
        assert bench.on_disk() == []


async def test_the_puller_can_do_nothing_but_speak(watched: Bench) -> None:
    await watched.pull()
    pid = watched.pulls.puller.pid
    status = dict(re.findall(r"^(\w+):\t(.*)$", text_of(Path(f"/proc/{pid}/status")), re.M))
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Groups"].strip()) == ("1", "")
    assert set(status["Uid"].split()) == {str(watched.settings.puller_uid)}
    mounts = [line.split()[5].split(",") for line in text_of(Path(f"/proc/{pid}/mountinfo")).splitlines()]
    assert all("ro" in options for options in mounts)
    assert str(watched.settings.data_dir) not in text_of(Path(f"/proc/{pid}/mountinfo"))
    assert int(status["VmRSS"].split()[0]) < 40 * 1024


async def test_a_pull_that_is_left_at_any_moment_names_whole_layers_only(watched: Bench) -> None:
    for step in range(24):
        task = asyncio.create_task(watched.pull())
        await asyncio.sleep(step * 0.006)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        named = list((watched.settings.data_dir / "layers").glob("*"))
        assert all((folder / "layer.json").stat().st_size for folder in named)
        assert {sum(1 for _ in (folder / "root").rglob("*")) for folder in named} <= {2, 3}
        assert list((watched.settings.data_dir / "tmp").iterdir()) == []
        shutil.rmtree(watched.settings.data_dir / "layers")
        watched.store.sweep()
