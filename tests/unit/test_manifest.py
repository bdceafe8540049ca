"""What a registry says of an image, its manifests and indexes, is read with distrust."""

from __future__ import annotations

import contextlib
import json
import re
import time
from typing import Any

import pytest

from sandbox.images import manifest
from sandbox.images.manifest import BadImage, Descriptor, Index, Manifest
from sandbox.model import platform
from sandbox.model.platform import Platform
from support import pace

DIGEST = "sha256:" + "a" * 64
OCI_INDEX, DOCKER_LIST = manifest.INDEX_TYPES
OCI_MANIFEST, DOCKER_MANIFEST = manifest.MANIFEST_TYPES


def described(digest: str = DIGEST, size: object = 7, **more: object) -> dict[str, Any]:
    return {"digest": digest, "size": size, **more}


def a_manifest(**changes: object) -> bytes:
    return json.dumps({"schemaVersion": 2, "config": described(), "layers": [described()]} | changes).encode()


def an_index(*platforms: dict[str, str] | None, **changes: object) -> bytes:
    entries = [described(f"sha256:{number:064x}", platform=where) for number, where in enumerate(platforms)]
    return json.dumps({"schemaVersion": 2, "manifests": entries} | changes).encode()


@pytest.mark.parametrize("kind", [OCI_MANIFEST, DOCKER_MANIFEST, ""])
def test_a_manifest_of_either_family_is_read(kind: str) -> None:
    wanted = Manifest(Descriptor(DIGEST, 7), (Descriptor(DIGEST, 7),))
    assert manifest.parse_document(a_manifest(), kind) == wanted


@pytest.mark.parametrize("kind", [OCI_INDEX, DOCKER_LIST])
def test_an_index_of_either_family_is_read(kind: str) -> None:
    found = manifest.parse_document(an_index({"os": "linux", "architecture": "amd64"}), kind)
    assert isinstance(found, Index)
    assert found.entries[0].platform == Platform("linux", "amd64")


def test_the_entry_for_the_machine_is_chosen() -> None:
    places = [("windows", "amd64", ""), ("linux", "arm", "v7"), ("linux", "arm64", "v8"), ("linux", "amd64", "")]
    index = manifest.parse_document(
        an_index(*({"os": a, "architecture": b, "variant": c} for a, b, c in places)), OCI_INDEX
    )
    assert isinstance(index, Index)
    for asked, number in {"x86_64": 3, "linux/amd64": 3, "aarch64": 2, "linux/arm64": 2, "linux/arm/v7": 1}.items():
        assert manifest.choose(index, platform.parse(asked)) == index.entries[number]
    assert manifest.choose(index, platform.parse("linux/s390x")) is None


LINUX = {"os": "linux"}


@pytest.mark.parametrize(
    "entry",
    [
        {**LINUX, "architecture": "amd64", "variant": "v1"},
        {**LINUX, "architecture": "x86_64"},
        {**LINUX, "architecture": "X86-64", "variant": "V1"},
        {"architecture": "amd64"},
        None,
    ],
)
def test_an_entry_is_for_this_machine_in_whatever_spelling(entry: dict[str, str] | None) -> None:
    others = [{**LINUX, "architecture": name} for name in ("arm64", "unknown", "s390x")]
    index = manifest.parse_document(an_index(*others, entry), OCI_INDEX)
    assert isinstance(index, Index)
    assert manifest.choose(index, platform.parse("x86_64")) == index.entries[-1]


def test_an_entry_that_says_what_it_is_for_comes_before_one_that_does_not() -> None:
    index = manifest.parse_document(an_index(None, {**LINUX, "architecture": "amd64"}, None), OCI_INDEX)
    assert isinstance(index, Index)
    assert manifest.choose(index, platform.parse("amd64")) == index.entries[1]
    assert manifest.choose(index, platform.parse("arm64")) == index.entries[0]


def test_the_best_variant_is_chosen_and_a_greater_one_is_not() -> None:
    variants = [{**LINUX, "architecture": "arm", "variant": one} for one in ("5", "v8", "v7", "v6")]
    index = manifest.parse_document(an_index(*variants), OCI_INDEX)
    assert isinstance(index, Index)
    chosen = [manifest.choose(index, platform.parse(f"linux/arm/v{number}")) for number in (5, 6, 7)]
    assert chosen == [index.entries[number] for number in (0, 3, 2)]


@pytest.mark.parametrize(
    "config",
    [
        "application/vnd.cncf.helm.config.v1+json",
        "application/vnd.oci.empty.v1+json",
        "application/vnd.docker.plugin.v1+json",
        "application/vnd.wasm.config.v0+json",
    ],
)
def test_what_is_no_image_is_said_to_be_none(config: str) -> None:
    found = manifest.parse_document(a_manifest(config=described(mediaType=config)), OCI_MANIFEST)
    assert isinstance(found, Manifest)
    with pytest.raises(BadImage, match=re.escape(f"unsupported media type {config}")):
        manifest.check_image(found)


@pytest.mark.parametrize(
    ("layer", "is_one"),
    [
        ("application/vnd.oci.image.layer.v1.tar+zstd", True),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", True),
        ("application/vnd.docker.image.rootfs.diff.tar.gzip", True),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", True),
        ("", True),
        ("application/vnd.ollama.image.model", False),
        ("application/vnd.in-toto+json", False),
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", False),
    ],
)
def test_a_layer_is_what_can_be_unpacked(layer: str, is_one: bool) -> None:
    found = manifest.parse_document(a_manifest(layers=[described(), described(mediaType=layer)]), OCI_MANIFEST)
    assert isinstance(found, Manifest)
    with contextlib.nullcontext() if is_one else pytest.raises(BadImage, match="unsupported media type"):
        manifest.check_image(found)


def test_an_entry_of_thousands_is_chosen_in_a_moment() -> None:
    # the greatest numbers that are looked at, on both sides
    made_for = Platform("linux", "arm64", "v9.99")
    index = Index((Descriptor(DIGEST, 1, made_for),) * 2500)

    def cost() -> float:
        begun = time.process_time()
        assert manifest.choose(index, made_for) == index.entries[0]
        assert manifest.choose(index, platform.parse("linux/arm64/v9.98")) is None
        return time.process_time() - begun

    assert min(cost() for _ in range(3)) < pace.seconds(0.05)


def test_as_many_layers_are_read_as_docker_makes() -> None:
    found = manifest.parse_document(a_manifest(layers=[described()] * 127), "")
    assert isinstance(found, Manifest)
    assert len(found.layers) == 127


def test_platforms_print_as_docker_prints_them() -> None:
    assert [str(platform.parse(text).whole) for text in ("x86_64", "linux/arm64", "linux/arm/v6")] == [
        "linux/amd64",
        "linux/arm64/v8",
        "linux/arm/v6",
    ]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(a_manifest(manifests=[]), "", id="index and manifest at once"),
        pytest.param(an_index(layers=[]), OCI_INDEX, id="index with layers"),
        pytest.param(a_manifest(), OCI_INDEX, id="manifest sent as an index"),
        pytest.param(a_manifest(mediaType=DOCKER_MANIFEST), OCI_MANIFEST, id="says one type, sent as another"),
        pytest.param(a_manifest(mediaType="text/html"), "", id="odd type"),
        pytest.param(a_manifest(mediaType=[]), "", id="type is no text"),
        pytest.param(a_manifest(schemaVersion=1), "", id="schema 1"),
        pytest.param(a_manifest(config=None), "", id="no config"),
        pytest.param(a_manifest(layers={}), "", id="layers are no list"),
        pytest.param(a_manifest(layers=[described()] * 128), "", id="too many layers"),
        pytest.param(a_manifest(config=described(size=-1)), "", id="negative size"),
        pytest.param(a_manifest(config=described(mediaType=[])), "", id="a part's type is no text"),
        pytest.param(a_manifest(config=described(mediaType="a\nb")), "", id="a part's type has two lines"),
        pytest.param(an_index(platform="linux", manifests=[described(platform="linux")]), "", id="platform is a text"),
        pytest.param(a_manifest(config=described(size=True)), "", id="size is no number"),
        pytest.param(a_manifest(config=described(size=1.5)), "", id="size is a fraction"),
        pytest.param(b"{}", "", id="nothing in it"),
        pytest.param(b"[]", "", id="a list"),
        pytest.param(b"", "", id="empty"),
        pytest.param(b"\xff\xfe", "", id="not text"),
        pytest.param(b"[" * 100_000, "", id="deep enough to end the parser"),
    ],
)
def test_a_document_that_is_not_one_thing_is_refused(data: bytes, kind: str) -> None:
    with pytest.raises(BadImage):
        manifest.parse_document(data, kind)


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "sha256:",
        "sha256:" + "A" * 64,
        "sha256:" + "a" * 63,
        "sha256:" + "a" * 64 + "\n",
        "md5:" + "a" * 32,
        "sha256:../../../../etc/passwd",
        "sha512:" + "a" * 64,
        7,
        None,
    ],
)
def test_odd_digest_text_is_refused(digest: object) -> None:
    with pytest.raises(BadImage, match="invalid checksum digest format"):
        manifest.check_spelling(digest)


def test_both_digest_algorithms_are_known() -> None:
    for digest in (DIGEST, "sha512:" + "0" * 128):
        assert manifest.check_spelling(digest) == digest


def test_a_document_past_half_a_mebibyte_is_refused() -> None:
    with pytest.raises(BadImage, match="larger"):
        manifest.parse_json(b'{"a":"' + b"x" * (512 << 10) + b'"}')


MANY = {"schemaVersion": 2, "manifests": [described()] * manifest.MOST_ENTRIES}


@pytest.mark.parametrize(
    "data",
    [
        b'{"schemaVersion":2,"manifests":[],"a":"%s"}' % (b"\\u00e9" * ((manifest.LARGEST_DOCUMENT - 100) // 6)),
        json.dumps(MANY | {"a": "x" * (manifest.LARGEST_DOCUMENT - 120 * manifest.MOST_ENTRIES)}).encode(),
        json.dumps({"schemaVersion": 2, "manifests": [], "a": [[0]] * 9_900}).encode(),
    ],
    ids=["text", "entries", "parts"],
)
def test_attack_70_documents_as_large_as_they_may_be_are_read_in_a_moment(data: bytes) -> None:
    def cost() -> float:
        begun = time.process_time()
        manifest.parse_document(data, OCI_INDEX)
        return time.process_time() - begun

    assert min(cost() for _ in range(3)) < pace.seconds(0.02)


def test_a_document_of_very_many_parts_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BadImage, match="too many parts"):
        manifest.parse_json(b'{"a":[' + b"[]," * 12_000 + b"[]]}")


def test_a_deeply_nested_document_is_refused() -> None:
    with pytest.raises(BadImage, match="deeper"):
        manifest.parse_json(b'{"a":' * 40 + b"1" + b"}" * 40)


def test_layer_urls_are_not_even_read() -> None:
    found = manifest.parse_document(a_manifest(layers=[described(urls=["http://10.0.0.1/x"])]), "")
    assert "10.0.0.1" not in repr(found)


def test_an_index_of_more_entries_than_there_are_platforms_is_refused() -> None:
    with pytest.raises(BadImage, match="more than 1000 manifests"):
        manifest.parse_document(an_index(*[None] * (manifest.MOST_ENTRIES + 1)), OCI_INDEX)
