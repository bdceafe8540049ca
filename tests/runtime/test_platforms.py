"""Images of the real world spell and leave out what they are made for; they are pulled as containerd pulls them."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.docker.messages import pull_error
from support import oci
from support.fake_registry import FakeRegistry
from support.pulls import Bench, Line, pulling

pytestmark = pytest.mark.container
NAME = "library/alpine"
LAYER = oci.tar({"f": b"1"})
AMD, ARM = {"os": "linux", "architecture": "amd64"}, {"os": "linux", "architecture": "arm64"}
NONE = "no matching manifest for linux/amd64 in the manifest list entries: no match for platform in manifest: not found"


@pytest.fixture
async def bench(tmp_path: Path, fake: FakeRegistry) -> AsyncIterator[Bench]:
    async with pulling(tmp_path, fake.url) as made:
        yield made


def image(where: dict[str, str]) -> oci.Built:
    """An image of one layer whose configuration says what it is for."""
    rootfs = {"type": "layers", "diff_ids": [oci.digest_of(LAYER)]}
    return oci.assemble(json.dumps({**where, "rootfs": rootfs}).encode(), [LAYER])


def hold_index(fake: FakeRegistry, *entries: tuple[dict[str, str] | None, dict[str, str]]) -> list[str]:
    """Put an index there, each entry of which says what it is for, or nothing, and what its configuration says; the
    digests of its entries."""
    listed: list[dict[str, Any]] = []
    for number, (said, where) in enumerate(entries):
        built = image({**where, "author": str(number)})
        oci.hold(fake, f"{NAME}:{number}", built)
        entry = oci.descriptor(built.manifests[0][0], oci.MANIFEST)
        listed.append(entry if said is None else {**entry, "platform": said})
    index = {"schemaVersion": 2, "mediaType": oci.INDEX, "manifests": listed}
    fake.manifest(NAME, "latest", index, oci.INDEX)
    return [entry["digest"] for entry in listed]


async def end(bench: Bench, platform: str | None = None) -> Line:
    return (await bench.pull("alpine", platform))[-1]


@pytest.mark.parametrize(
    "said",
    [
        AMD,
        {**AMD, "variant": "v1"},
        {"os": "linux", "architecture": "x86_64"},
        {"os": "Linux", "architecture": "X86-64"},
        {"architecture": "amd64"},
        None,
    ],
)
async def test_an_index_and_a_configuration_may_spell_a_platform_in_any_way(
    bench: Bench, fake: FakeRegistry, said: dict[str, str] | None
) -> None:
    spellings: list[dict[str, str]] = [AMD, {**AMD, "variant": "v1"}, {"architecture": "x86_64"}, {"os": "linux"}, {}]
    for where in spellings:
        _, wanted, _ = hold_index(fake, (ARM, ARM), (said, where), ({"os": "unknown", "architecture": "unknown"}, {}))
        assert (await end(bench))["image"]["id"] == wanted


@pytest.mark.parametrize("where", [AMD, {"os": "linux", "architecture": "x86_64"}, {"os": "linux"}, ARM])
async def test_an_image_without_an_index_is_taken_whatever_it_is_for(
    bench: Bench, fake: FakeRegistry, where: dict[str, str]
) -> None:
    oci.hold(fake, f"{NAME}:latest", image(where))
    assert (await end(bench))["type"] == "fetched"


async def test_an_entry_without_a_platform_is_what_its_configuration_says(bench: Bench, fake: FakeRegistry) -> None:
    hold_index(fake, (None, ARM))
    assert (await end(bench))["stderr"] == pull_error(NONE)
    assert (await end(bench, "linux/arm64"))["type"] == "fetched"


async def test_no_entry_for_this_machine_is_said_as_docker_says_it(bench: Bench, fake: FakeRegistry) -> None:
    hold_index(fake, (ARM, ARM), ({**AMD, "variant": "v3"}, AMD))
    assert (await end(bench))["stderr"] == pull_error(NONE)
    assert (await end(bench, "linux/amd64/v3"))["type"] == "fetched"


@pytest.mark.parametrize("said", [AMD, {"architecture": "x86_64"}, None], ids=["here", "in other words", "nothing"])
async def test_an_index_within_an_index_is_gone_into(
    bench: Bench, fake: FakeRegistry, said: dict[str, str] | None
) -> None:
    # as whoever copies an image into an index of its own makes it
    _, wanted = hold_index(fake, (ARM, ARM), (AMD, AMD))
    for tag in ("inner", "latest"):
        inner, _ = fake.manifests[NAME, "latest"]
        fake.manifest(NAME, tag, inner, oci.INDEX)
        entry = oci.descriptor(inner, oci.INDEX)
        outer = {"schemaVersion": 2, "manifests": [entry if said is None else {**entry, "platform": said}]}
        fake.manifest(NAME, "latest", outer, oci.INDEX)
    assert (await end(bench))["image"]["id"] == wanted
    assert (await end(bench, "linux/s390x"))["stderr"] == pull_error(NONE.replace("amd64", "s390x"))


async def test_an_image_for_another_system_is_refused(bench: Bench, fake: FakeRegistry) -> None:
    oci.hold(fake, f"{NAME}:latest", image({"os": "windows", "architecture": "amd64"}))
    said = (await end(bench))["stderr"]
    assert said == pull_error(
        'image operating system "windows" cannot be used on this platform: operating system is not supported'
    )


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"config": "application/vnd.cncf.helm.config.v1+json"}, "application/vnd.cncf.helm.config.v1+json"),
        ({"config": "application/vnd.oci.empty.v1+json"}, "application/vnd.oci.empty.v1+json"),
        ({"layers": "application/vnd.ollama.image.model"}, "application/vnd.ollama.image.model"),
    ],
)
async def test_a_chart_or_a_model_is_no_image(
    bench: Bench, fake: FakeRegistry, changes: dict[str, str], kind: str
) -> None:
    parts = json.loads(image(AMD).manifests[0][0])
    if "config" in changes:
        parts["config"] |= {"mediaType": changes["config"]}
    else:
        parts["layers"] = [layer | {"mediaType": changes["layers"]} for layer in parts["layers"]]
    fake.manifest(NAME, "latest", parts)
    assert (await end(bench))["stderr"] == pull_error(f"unsupported media type {kind}")
    assert fake.asked("/blobs/") == []


async def test_a_layer_that_is_refused_early_is_one_line_in_the_log(
    bench: Bench, fake: FakeRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    # more behind it than any pipe holds, which nobody reads any more; and others after it
    tars = [oci.tar({"../up": b""}) + bytes(4 << 20), *(oci.tar({name: bytes(1 << 20)}) for name in "ab")]
    rootfs = {"type": "layers", "diff_ids": list(map(oci.digest_of, tars))}
    oci.hold(fake, f"{NAME}:latest", oci.assemble(json.dumps({**AMD, "rootfs": rootfs}).encode(), tars))
    with caplog.at_level(logging.INFO):
        assert (await end(bench))["reason"] == "bad-image"
        assert (await end(bench))["reason"] == "bad-image"
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
    assert all("leads out of the layer" in record.getMessage() for record in caplog.records)
    assert all("\n" not in record.getMessage() and not record.exc_info for record in caplog.records)
