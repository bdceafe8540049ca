"""An image's own configuration is read with distrust."""

from __future__ import annotations

import json

import pytest

from sandbox.images import config as imageconfig
from sandbox.images.manifest import BadImage
from sandbox.model.image import Config
from sandbox.model.platform import Platform

DIGEST = "sha256:" + "a" * 64


def a_config(**settings: object) -> bytes:
    document = {"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": [DIGEST]}, "config": settings}
    return json.dumps(document).encode()


def test_more_layers_than_docker_makes_are_not_looked_at() -> None:
    document = {"rootfs": {"diff_ids": [DIGEST] * 128}}
    with pytest.raises(BadImage, match="diff_ids has more than 127 parts"):
        imageconfig.parse(json.dumps(document).encode())


def test_a_configuration_is_read_whole() -> None:
    found = imageconfig.parse(
        a_config(
            Entrypoint=["/e"], Cmd=["a", "b\nc"], Env=["A=1"], WorkingDir="/w", User="1:2",
            Labels={imageconfig.LABEL: "stand-in"}, Volumes={"/data": {}, "/var/lib/x": None},
        )
    )  # fmt: skip
    labels, volumes = ((imageconfig.LABEL, "stand-in"),), ("/data", "/var/lib/x")
    assert found.config == Config(("/e",), ("a", "b\nc"), ("A=1",), "/w", "1:2", labels, volumes)
    assert (found.provenance, found.diff_ids, found.platform) == ("stand-in", (DIGEST,), Platform("linux", "amd64"))


def test_an_unlabelled_image_is_official() -> None:
    assert imageconfig.parse(a_config()).provenance == "official"


def test_null_means_absent_in_a_configuration() -> None:
    assert imageconfig.parse(a_config(Cmd=None, Env=None, Labels=None, User=None)).config == Config()


@pytest.mark.parametrize(
    "settings",
    [
        {"Cmd": ["a\0b"]},
        {"Env": ["A=\0"]},
        {"Entrypoint": "sh -c"},
        {"Cmd": [1]},
        {"Cmd": ["\ud800"]},
        {"Cmd": ["x" * 200_000]},
        {"Cmd": ["x" * 100_000] * 20},
        {"User": "2147483648"},
        {"User": "4294967296"},
        {"User": "4294967295:0"},
        {"User": "0:99999999999999999999"},
        {"User": "ro ot"},
        {"User": "root\nx"},
        {"User": "a:b:c"},
        {"WorkingDir": "/a\nb"},
        {"WorkingDir": "/a\0"},
        {"Labels": ["a"]},
        {"Volumes": ["/a"]},
        {"Volumes": {"/a\0": {}}},
        {"Volumes": {"/a" * 129: {}}},
        {"Volumes": {f"/{number}/b": {} for number in range(65)}},
        {"Labels": {"a": 1}},
        {"Labels": {f"{number}": "" for number in range(1001)}},
        {"Env": [f"{number}=" for number in range(900)], "Cmd": [""] * 101},
    ],
)
def test_a_configuration_that_no_container_should_be_made_from_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(BadImage):
        imageconfig.parse(a_config(**settings))


@pytest.mark.parametrize("user", ["70000", "1000620000:0", "2147483647", "00000000000000000001"])
def test_a_user_that_docker_takes_is_read(user: str) -> None:
    assert imageconfig.parse(a_config(User=user)).config.user == user


@pytest.mark.parametrize(
    ("named", "where"),
    [
        ({"architecture": "x86_64", "variant": "v1"}, Platform("linux", "amd64")),
        ({"architecture": None}, Platform("linux", "")),
        ({"os": "Windows"}, Platform("windows", "amd64")),
    ],
)
def test_a_configurations_platform_has_the_usual_spelling(named: dict[str, object], where: Platform) -> None:
    assert imageconfig.parse(json.dumps(json.loads(a_config()) | named).encode()).platform == where


def test_a_platform_is_made_of_words() -> None:
    with pytest.raises(BadImage, match="architecture"):
        imageconfig.parse(json.dumps(json.loads(a_config()) | {"architecture": "amd64\n"}).encode())


def test_a_configuration_of_a_thousand_words_is_read() -> None:
    env = [f"{number}=" for number in range(900)]
    assert len(imageconfig.parse(a_config(Env=env, Cmd=[""] * 100)).config.env) == 900
