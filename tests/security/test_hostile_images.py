"""A registry that means harm: each lie is refused with a stable code, and nothing of it is left on disk."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from sandbox.docker.messages import pull_error
from sandbox.images.resolve import MOST_INDEXES
from sandbox.model import plain
from sandbox.model.image import Image
from support import oci
from support.fake_registry import Answer, FakeRegistry
from support.oci import Built, Link
from support.pulls import Bench, refused

pytestmark = pytest.mark.container
NAME = "library/alpine:latest"
CONFIG = {"os": "linux", "architecture": "amd64"}


def with_config(**settings: Any) -> Built:
    """An image of one good layer with a configuration of one's own."""
    layer = oci.tar({"f": b"1"})
    rootfs = {"type": "layers", "diff_ids": [oci.digest_of(layer)]}
    return oci.assemble(json.dumps({**CONFIG, "rootfs": rootfs, "config": settings}).encode(), [layer])


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        pytest.param({"../../up": b""}, "bad-image", id="IMG-01 climbs out"),
        pytest.param([("l", Link("/")), ("l/dev", Link("/"))], "bad-image", id="IMG-02 replaces dev through a link"),
        pytest.param([("l", Link("m")), ("m", Link("l")), ("l/x", b"")], "bad-image", id="IMG-02 links in a circle"),
        pytest.param({".": Link("/")}, "bad-image", id="IMG-03 replaces its root"),
        pytest.param({"h": Link("../../../etc/shadow", hard=True)}, "bad-image", id="IMG-04 links out"),
        pytest.param({"a/.wh...": b""}, "bad-image", id="IMG-05 hides its parent"),
        pytest.param({"zeros": bytes(30 << 20)}, "image-too-large", id="IMG-08 bomb of bytes"),
        pytest.param({str(number): b"" for number in range(400)}, "bad-image", id="IMG-08 bomb of files"),
    ],
)
async def test_a_hostile_layer_is_refused(bench: Bench, fake: FakeRegistry, layer: oci.Tree, code: str) -> None:
    oci.hold(fake, NAME, oci.build([layer]))
    assert (await refused(bench))["reason"] == code


def written(name: str, *folders: str | Path) -> list[Path]:
    """Where a file of that name is, of these folders."""
    return [path for path in (Path(folder, name) for folder in folders) if path.exists()]


@pytest.mark.parametrize("target", ["/", "../../../..", "/etc", "/proc/self/root/etc", "/proc/self/cwd/../.."])
async def test_img_02_what_is_written_through_a_link_stays_in_the_layer(
    bench: Bench, fake: FakeRegistry, target: str
) -> None:
    oci.hold(fake, NAME, oci.build([[("l", Link(target)), ("l/img-02-was-here", b"1"), ("l/img-02-too", Link("/"))]]))
    made = plain.decode(Image, (await bench.pull())[-1]["image"])
    root = bench.store.layer_path(made.layers[0])
    assert [path.read_bytes() for path in root.rglob("img-02-was-here")] == [b"1"]
    assert not written("img-02-was-here", "/", "/etc", bench.settings.data_dir)


async def test_the_bytes_of_all_layers_count_together(bench: Bench, fake: FakeRegistry) -> None:
    oci.hold(fake, NAME, oci.build([{f"f{number}": bytes(3 << 20)} for number in range(3)]))
    end = (await bench.pull())[-1]
    assert (end["type"], end["reason"]) == ("no-image", "image-too-large")
    assert not any(path.startswith(("images", "tmp")) for path in bench.on_disk())


async def test_img_08_an_image_that_says_it_is_too_large_is_not_downloaded(bench: Bench, fake: FakeRegistry) -> None:
    oci.hold(fake, NAME, oci.build([os.urandom(9 << 20)]))
    assert (await refused(bench))["reason"] == "image-too-large"
    assert fake.asked("/blobs/") == []


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"schemaVersion":2,"x":"' + b"x" * (5 << 20) + b'"}', id="IMG-09 giant"),
        pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, id="IMG-09 deep"),
        pytest.param(b'{"layers":[' + b"{}," * 200_000 + b"{}]}", id="IMG-09 wide"),
    ],
)
async def test_a_giant_or_deep_manifest_is_refused(bench: Bench, fake: FakeRegistry, data: bytes) -> None:
    fake.manifest("library/alpine", "latest", data)
    assert (await refused(bench))["reason"] in ("bad-image", "digest-mismatch")


@pytest.mark.parametrize("part", ["config", "layer"])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"body": b"something else"}, id="other bytes"),
        pytest.param({"cut": 20}, id="cut short"),
        pytest.param({"more": True}, id="too long"),
    ],
)
async def test_img_10_a_blob_that_lies_is_refused(
    bench: Bench, fake: FakeRegistry, part: str, answer: dict[str, Any]
) -> None:
    built = oci.build([{"f": os.urandom(3000)}])
    oci.hold(fake, NAME, built)
    config = json.loads(built.manifests[0][0])["config"]["digest"]
    digest = config if part == "config" else built.layer_digests[0]
    if answer.pop("more", False):
        answer["body"] = built.blobs[digest] + b"more"
    fake.on(digest, Answer(**answer))
    assert (await refused(bench))["reason"] in ("digest-mismatch", "registry-down")


async def test_img_10_a_blob_of_the_right_length_and_other_bytes_is_refused(bench: Bench, fake: FakeRegistry) -> None:
    built = oci.build([{"f": os.urandom(3000)}])
    oci.hold(fake, NAME, built)
    blob = built.blobs[built.layer_digests[0]]
    fake.on(built.layer_digests[0], Answer(body=blob[:-1] + bytes([blob[-1] ^ 1])))
    end = await refused(bench)
    got = hashlib.sha256(blob[:-1] + bytes([blob[-1] ^ 1])).hexdigest()
    assert end["stderr"] == pull_error(
        f'failed commit on ref "layer-{built.layer_digests[0]}": unexpected commit digest sha256:{got}, '
        f"expected {built.layer_digests[0]}: failed precondition"
    )


async def test_img_10_a_blob_of_another_length_is_said_to_be_one(bench: Bench, fake: FakeRegistry) -> None:
    built = oci.build([{"f": b"1"}])
    oci.hold(fake, NAME, built)
    blob = built.blobs[built.layer_digests[0]]
    for body in (blob + bytes(5000), blob[:-1]):
        fake.on(built.layer_digests[0], Answer(body=body))
        message = (await refused(bench))["stderr"]
        # reading stops one byte past what was promised
        assert f"failed size validation: {min(len(body), len(blob) + 1)} != {len(blob)}" in message


async def test_img_10_a_manifest_that_is_not_the_one_asked_for_is_refused(bench: Bench, fake: FakeRegistry) -> None:
    good, bad = oci.build([{"f": b"1"}], index=True), oci.build([{"f": b"2"}], index=True)
    # the other image is whole and as long, so that nothing but the digest tells
    oci.hold(fake, NAME, bad)
    oci.hold(fake, NAME, good)
    asked, given = good.manifests[0][0], bad.manifests[0][0]
    assert len(asked) == len(given)
    fake.on(oci.digest_of(asked), Answer(body=given))
    assert (await refused(bench))["reason"] == "digest-mismatch"


@pytest.mark.parametrize("digest", ["sha256:../../../etc/passwd", "sha256:ABC", "md5:" + "0" * 32, "", None])
async def test_img_10_odd_digest_text_is_refused(bench: Bench, fake: FakeRegistry, digest: object) -> None:
    data = oci.rewritten(oci.build([{"f": b"1"}]), config={"digest": digest, "size": 5})
    fake.manifest("library/alpine", "latest", data)
    assert (await refused(bench))["reason"] == "bad-image"
    assert fake.asked("/blobs/") == []


async def test_img_11_a_document_that_is_index_and_manifest_is_refused(bench: Bench, fake: FakeRegistry) -> None:
    built = oci.build([{"f": b"1"}])
    oci.hold(fake, NAME, built)
    fake.manifest("library/alpine", "latest", oci.rewritten(built, manifests=[]))
    assert (await refused(bench))["reason"] == "bad-image"


async def test_indexes_within_each_other_come_to_an_end(bench: Bench, fake: FakeRegistry) -> None:
    document = oci.build([{"f": b"1"}]).manifests[0][0]
    for number in range(MOST_INDEXES + 1):
        document = oci.index_of([(document, "amd64")])
        fake.manifest("library/alpine", f"{number}", document, oci.INDEX)
    fake.manifest("library/alpine", "latest", document, oci.INDEX)
    assert (await refused(bench))["reason"] == "bad-image"
    assert fake.asked("/blobs/") == []
    assert len(fake.asked("/manifests/")) == MOST_INDEXES + 1


async def test_a_layer_with_other_files_than_the_image_says_is_refused(bench: Bench, fake: FakeRegistry) -> None:
    oci.hold(fake, NAME, oci.build([{"f": b"1"}], diff_ids=["sha256:" + "a" * 64]))
    assert (await refused(bench))["reason"] == "digest-mismatch"


async def test_a_shared_layer_cannot_be_claimed_with_other_files(bench: Bench, fake: FakeRegistry) -> None:
    oci.hold(fake, NAME, oci.build([{"f": b"1"}]))
    assert (await bench.pull())[-1]["type"] == "fetched"
    oci.hold(fake, "library/thief:latest", oci.build([{"f": b"1"}], diff_ids=["sha256:" + "a" * 64]))
    assert (await bench.pull("thief"))[-1]["reason"] == "digest-mismatch"


async def test_a_different_number_of_layers_and_diff_ids_is_refused(bench: Bench, fake: FakeRegistry) -> None:
    oci.hold(fake, NAME, oci.build([{"f": b"1"}], diff_ids=["sha256:" + "a" * 64] * 2))
    assert (await refused(bench))["reason"] == "bad-image"


@pytest.mark.parametrize(
    "settings",
    [
        {"User": "4294967296"},
        {"User": "a\nb"},
        {"Env": ["A=1\0B=2"]},
        {"WorkingDir": "/a\nb"},
        {"Cmd": ["x" * (1 << 20)]},
        {"Cmd": "not a list"},
    ],
)
async def test_img_16_a_hostile_configuration_is_refused(
    bench: Bench, fake: FakeRegistry, settings: dict[str, object]
) -> None:
    oci.hold(fake, NAME, with_config(**settings))
    assert (await refused(bench))["reason"] == "bad-image"
