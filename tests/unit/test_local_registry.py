"""The local registry: what it is told, what it is made from, and when it has to be made again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sandbox.local_registry import build, fill, server
from sandbox.local_registry.server import RegistryError

IMAGES = Path(__file__).parents[2] / "demos/images"
ORIGINALS = {"hello-world", "alpine", "busybox"}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A copy of the teaching images that may be changed."""
    return Path(shutil.copytree(IMAGES, tmp_path / "images"))


def test_once_filled_it_takes_no_more() -> None:
    told = json.loads(server.configuration(read_only=True))
    assert told["storage"]["maintenance"]["readonly"] == {"enabled": True}
    assert told["log"]["accesslog"] == {"disabled": True}


def test_the_stamp_follows_every_file_and_its_name(images: Path) -> None:
    before = fill.stamp(images)
    assert fill.stamp(images) == before
    (images / "alpine/Dockerfile").rename(images / "alpine/Containerfile")
    renamed = fill.stamp(images)
    (images / "greeter/greeter-1.c").write_text("int main(void) { return 1; }\n")
    assert len({before, renamed, fill.stamp(images)}) == 3


def test_what_was_filled_from_other_inputs_is_not_filled(images: Path, tmp_path: Path) -> None:
    folder = server.home(tmp_path)
    folder.mkdir()
    assert not fill.is_filled(images, tmp_path)
    (folder / "stamp").write_text(fill.stamp(images))
    assert fill.is_filled(images, tmp_path)
    (images / "images.toml").write_text("")
    assert not fill.is_filled(images, tmp_path)


def test_every_recipe_has_its_dockerfile_and_every_original_its_digest() -> None:
    recipes = build.read(IMAGES / "images.toml").image
    for recipe in recipes:
        text = (IMAGES / recipe.name / "Dockerfile").read_text()
        kind = "stand-in" if recipe.name in ORIGINALS else "official"
        assert f'io.docker-run.provenance="{kind}"' in text
        assert bool(recipe.digest) is (recipe.name in ORIGINALS)
        assert not recipe.digest or len(recipe.digest) == len("sha256:") + 64
    assert {recipe.name for recipe in recipes} == ORIGINALS | {"greeter"}


@pytest.mark.parametrize("text", ["", "created = 2026-01-01", "[[image]]\nname = 'x'", "=", "surprise = 1"])
def test_a_recipe_file_that_is_none_says_so(text: str, tmp_path: Path) -> None:
    (tmp_path / "images.toml").write_text(text)
    with pytest.raises(RegistryError, match=r"images\.toml"):
        build.read(tmp_path / "images.toml")


async def test_a_program_that_fails_is_quoted() -> None:
    with pytest.raises(RegistryError, match="no such luck"):
        await build.call("sh", "-c", "echo no such luck >&2; exit 3")
    with pytest.raises(RegistryError, match="no-such-program"):
        await build.call("no-such-program")


async def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(RegistryError, match="not done after"):
        await build.call("sleep", "60", seconds=0.05)


def test_busybox_may_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fill.stamp(IMAGES)
    other = tmp_path / "busybox"
    other.write_bytes(b"another")
    monkeypatch.setenv("BUSYBOX", str(other))
    assert fill.stamp(IMAGES) != before
    monkeypatch.setenv("BUSYBOX", "")
    assert fill.stamp(IMAGES) == before
