"""The local registry for real: images built from their Dockerfiles, served by docker-registry, gone at the end."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.local_registry import fill, server
from sandbox.local_registry.server import RegistryError
from sandbox.settings import Settings

pytestmark = pytest.mark.container
IMAGES = Path(__file__).parents[2] / "demos/images"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Served:
    """What a registry answers."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, accept: str = "*/*") -> bytes:
        request = urllib.request.Request(f"{self.url}/v2/library/{path}", headers={"accept": accept})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bytes(answer.read())

    def manifest(self, name: str, tag: str = "latest") -> Any:
        index = json.loads(self.get(f"{name}/manifests/{tag}", INDEX))
        assert [one["platform"]["os"] for one in index["manifests"]] == ["linux"]
        return json.loads(self.get(f"{name}/manifests/{index['manifests'][0]['digest']}", MANIFEST))

    def config(self, name: str, tag: str = "latest") -> Any:
        return json.loads(self.get(f"{name}/blobs/{self.manifest(name, tag)['config']['digest']}"))

    def unpack(self, name: str, tag: str, folder: Path) -> None:
        for layer in self.manifest(name, tag)["layers"]:
            blob = self.get(f"{name}/blobs/{layer['digest']}")
            subprocess.run(["tar", "--extract", "--gzip", "--directory", folder], input=blob, check=True)


@pytest.fixture
def served(filled: Settings) -> Iterator[Served]:
    """The filled registry, running."""
    with asyncio.Runner() as runner:
        port = server.free_port()
        running = server.serving(server.home(filled.data_dir), filled.registry_uid, port)
        runner.run(running.__aenter__())
        yield Served(f"http://127.0.0.1:{port}")
        runner.run(running.__aexit__(None, None, None))


def program(root: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """What a program of an unpacked image prints, run with that image as its root."""
    return subprocess.run(
        ["chroot", root, *argv], capture_output=True, text=True, check=False, env={"PATH": os.defpath + ":/usr/sbin"}
    )


def test_hello_world_is_one_static_file_that_prints_what_dockers_prints(served: Served, tmp_path: Path) -> None:
    served.unpack("hello-world", "latest", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["hello"]
    result = program(tmp_path, "/hello")
    architecture = {"x86_64": "amd64", "aarch64": "arm64v8"}[platform.machine()]
    assert result.returncode == 0
    assert result.stdout.startswith("\nHello from Docker!\nThis message shows that your installation appears to be ")
    assert f'pulled the "hello-world" image from the Docker Hub.\n    ({architecture})\n 3. The' in result.stdout
    assert result.stdout.endswith("/get-started/\n\n")
    assert len(result.stdout.splitlines()) == 22
    assert served.config("hello-world")["config"]["Cmd"] == ["/hello"]


def test_alpine_shows_its_17_folders_and_starts_a_shell(served: Served, tmp_path: Path) -> None:
    served.unpack("alpine", "latest", tmp_path)
    shown = program(tmp_path, "/bin/ls", "/").stdout.split()
    assert shown == "bin dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var".split()
    assert served.config("alpine")["config"]["Cmd"] == ["/bin/sh"]
    assert (tmp_path / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert program(tmp_path, "/bin/sh", "-c", "exit 7").returncode == 7


def test_busybox_is_one_file_under_many_names(served: Served, tmp_path: Path) -> None:
    served.unpack("busybox", "latest", tmp_path)
    assert (tmp_path / "bin/sh").stat().st_ino == (tmp_path / "bin/busybox").stat().st_ino
    assert (tmp_path / "bin/sh").stat().st_nlink > 200
    assert served.config("busybox")["config"]["Cmd"] == ["sh"]


def test_two_versions_run_side_by_side_and_neither_with_the_others_library(served: Served, tmp_path: Path) -> None:
    for version, other in (("1", "2"), ("2", "1")):
        root = tmp_path / version
        root.mkdir()
        served.unpack("greeter", version, root)
        assert program(root, "/usr/bin/greeter").stdout.startswith(f"greeter {version} (libgreet {version}): ")
        clash = program(root, f"/opt/greeter-{other}")
        assert clash.returncode != 0
        assert "undefined symbol" in clash.stderr


def test_both_versions_share_the_layer_below_them(served: Served) -> None:
    one, two = (served.manifest("greeter", tag)["layers"] for tag in ("1", "2"))
    assert one[0] == two[0]
    assert one[1] != two[1]


@pytest.mark.parametrize("name", ["hello-world", "alpine", "busybox"])
def test_a_stand_in_says_so_in_its_labels(name: str, served: Served) -> None:
    assert served.config(name)["config"]["Labels"]["io.docker-run.provenance"] == "stand-in"


@pytest.mark.parametrize("name", ["alpine", "busybox"])
def test_a_stand_in_says_so_in_os_release(name: str, served: Served, tmp_path: Path) -> None:
    served.unpack(name, "latest", tmp_path)
    assert "stand-in" in (tmp_path / "etc/os-release").read_text()


def test_the_same_inputs_give_the_same_digests_and_nothing_stays_behind(filled: Settings, tmp_path: Path) -> None:
    again = Settings(data_dir=tmp_path / "state")
    fill.fill(IMAGES, again, lambda _: None, offline=True)
    assert tags(again) == tags(filled)
    assert sorted(path.name for path in again.data_dir.iterdir()) == ["fill.lock", "registry"]


def tags(settings: Settings) -> dict[str, str]:
    """Every tag's digest, as the registry keeps them."""
    folder = server.home(settings.data_dir)
    return {str(link.relative_to(folder)): link.read_text() for link in folder.rglob("tags/*/current/link")}


def test_with_nothing_to_do_nothing_is_done(filled: Settings) -> None:
    said: list[str] = []
    before = server.home(filled.data_dir).stat()
    fill.fill(IMAGES, filled, said.append, offline=True)
    assert said == []
    assert server.home(filled.data_dir).stat().st_ino == before.st_ino


def test_a_filling_that_fails_leaves_the_registry_before_it(filled: Settings, tmp_path: Path) -> None:
    images = Path(shutil.copytree(IMAGES, tmp_path / "images"))
    (images / "alpine/context.sh").write_text("#!/bin/sh\necho the oven is cold >&2\nexit 1\n")
    with pytest.raises(RegistryError, match="the oven is cold"):
        fill.fill(images, filled, lambda _: None, offline=True)
    assert fill.is_filled(IMAGES, filled.data_dir)
    assert not list(filled.data_dir.glob("fill-*"))


def test_what_a_killed_filling_left_is_cleared(filled: Settings) -> None:
    left = filled.data_dir / "fill-of-before"
    left.mkdir()
    fill.fill(IMAGES, filled, lambda _: None, offline=True)
    assert not left.exists()


def test_it_takes_nothing_from_anybody(served: Served) -> None:
    request = urllib.request.Request(f"{served.url}/v2/library/alpine/blobs/uploads/", method="POST", data=b"")
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=5)
    refusal.value.close()
    assert refusal.value.code == 405
