"""Where Docker Hub can be reached, the official images come from there by digest; here another registry plays it."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.local_registry import build, fill, hub, server
from sandbox.model import platform as platforms
from sandbox.settings import Settings
from support import oci
from support.fake_registry import Answer, FakeRegistry

pytestmark = pytest.mark.container
IMAGES = Path(__file__).parents[2] / "demos/images"
RECIPE = 'created = 2026-01-01T00:00:00Z\n[[image]]\nname = "hello-world"\ntags = ["latest"]\ndigest = "{digest}"\n'
WRONG = "sha256:" + "0" * 64


class Hub:
    """A registry in the place of Docker Hub, and the folder of recipes that point to it."""

    def __init__(self, state: Path, images: Path) -> None:
        self.state, self.images = state, images

    @property
    def digest(self) -> str:
        return digest_of(self.state)

    def point_to(self, digest: str) -> Path:
        (self.images / "images.toml").write_text(RECIPE.format(digest=digest))
        return self.images


def digest_of(state: Path) -> str:
    """The digest of the tag in the registry below `state`."""
    (link,) = server.home(state).rglob("hello-world/_manifests/tags/latest/current/link")
    return link.read_text()


@pytest.fixture(name="official")
def _official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    images = tmp_path / "images"
    images.mkdir()
    (images / "hello-world").symlink_to(IMAGES / "hello-world")
    made = Hub(tmp_path / "hub", images)
    # another time of making, so that its digest is not the one that a build here would have
    made.images.joinpath("images.toml").write_text(RECIPE.format(digest=WRONG).replace("2026", "2020"))
    settings = Settings(data_dir=made.state)
    fill.fill(images, settings, lambda _: None, offline=True)
    with asyncio.Runner() as runner:
        port = server.free_port()
        running = server.serving(server.home(settings.data_dir), settings.registry_uid, port)
        runner.run(running.__aenter__())
        monkeypatch.setattr(build, "HUB", f"http://127.0.0.1:{port}")
        yield made
        runner.run(running.__aexit__(None, None, None))


def test_an_official_image_keeps_its_digest(official: Hub, tmp_path: Path) -> None:
    said: list[str] = []
    settings = Settings(data_dir=tmp_path / "state")
    fill.fill(official.point_to(official.digest), settings, said.append)
    assert said == ["레지스트리: hello-world:latest (공식)"]
    assert digest_of(settings.data_dir) == official.digest


def test_a_digest_that_the_hub_does_not_have_ends_in_a_stand_in(official: Hub, tmp_path: Path) -> None:
    said: list[str] = []
    settings = Settings(data_dir=tmp_path / "state")
    fill.fill(official.point_to(WRONG), settings, said.append)
    assert said[-1] == "레지스트리: hello-world:latest (대체)"
    assert digest_of(settings.data_dir) != official.digest


def test_offline_nobody_is_asked(official: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def asked(_: object) -> bool:
        raise AssertionError("Docker Hub was asked")

    monkeypatch.setattr(build, "hub_answers", asked)
    said: list[str] = []
    fill.fill(official.point_to(official.digest), Settings(data_dir=tmp_path / "state"), said.append, offline=True)
    assert said == ["레지스트리: hello-world:latest (대체)"]


def test_a_copy_that_fails_on_the_way_is_told_and_replaced(
    official: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def yes(_: object) -> bool:
        return True

    monkeypatch.setattr(build, "hub_answers", yes)
    said: list[str] = []
    fill.fill(official.point_to(WRONG), Settings(data_dir=tmp_path / "state"), said.append)
    assert "공식 이미지를 가져오지 못했어요" in said[0]
    assert said[-1] == "레지스트리: hello-world:latest (대체)"


@pytest.mark.parametrize(
    ("architecture", "damaged", "reason"), [("s390x", False, "nothing for linux/"), ("", True, "they are others")]
)
def test_an_image_for_another_machine_or_with_other_bytes_ends_in_a_stand_in(
    architecture: str, damaged: bool, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = platforms.parse(platform.machine()).architecture
    image = oci.build([{"hello": b"hello"}], architecture=architecture or here, index=True)
    said: list[str] = []
    with FakeRegistry() as fake:
        oci.hold(fake, "library/hello-world:latest", image)
        if damaged:
            fake.blobs[image.layer_digests[0]] = b"hullo"
        monkeypatch.setattr(build, "HUB", fake.url)
        folder = Hub(tmp_path / "none", tmp_path)
        (tmp_path / "hello-world").symlink_to(IMAGES / "hello-world")
        fill.fill(folder.point_to(image.digest), Settings(data_dir=tmp_path / "state"), said.append)
    assert reason in said[0]
    assert said[1] == "레지스트리: hello-world:latest (대체)"


def test_a_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    image = oci.build([{"hello": b"hello"}])
    (data, media_type), *_ = image.manifests
    with FakeRegistry() as proxy:
        proxy.on("^http://hub.invalid/v2/library/hello-world/", Answer(headers={"Content-Type": media_type}, body=data))
        ask = ["http://hub.invalid", "library/hello-world", image.digest]
        monkeypatch.setenv("http_proxy", proxy.url)
        assert hub.main(ask) == 0
        monkeypatch.setenv("no_proxy", "hub.invalid")
        assert hub.main(ask) == 1
