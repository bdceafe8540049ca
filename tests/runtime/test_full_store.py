"""A store that is full makes room, and nobody who has an image notices more than that it comes again."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from support import oci, registry
from support.backend import Backend, running
from support.box import BOX
from support.client import new_host, run
from support.running_container import running_container

pytestmark = pytest.mark.container


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A backend whose store has room for one of the images."""
    with registry.running(tmp_path_factory.mktemp("registry")) as url:
        oci.push_image(url, "library/alpine:latest", [BOX])
        oci.push_image(url, "library/large:latest", [{"file": b"x" * 2_000_000}])
        with running({"registry": url, "store_bytes": 1 << 20, "kept_images": []}) as backend:
            yield backend


def held(backend: Backend) -> list[str]:
    files = (backend.state / "images").glob("*.json")
    return sorted(json.loads(file.read_text())["reference"] for file in files)


def test_an_image_that_had_to_go_comes_again_for_a_visitor_who_has_it(full: Backend) -> None:
    host = new_host(full.url)
    assert run(full.url, "docker run alpine true", host).code == 0
    assert run(full.url, "docker pull large").code == 0
    assert held(full) == ["large:latest"]
    again = run(full.url, "docker run alpine true", host)
    assert (again.code, again.stderr.splitlines()[0]) == (0, "Unable to find image 'alpine:latest' locally")
    assert held(full) == ["alpine:latest"]


def test_the_image_of_a_container_that_runs_stays(full: Backend) -> None:
    with running_container(full.url, new_host(full.url)):
        assert run(full.url, "docker pull large").code == 0
        assert held(full) == ["alpine:latest", "large:latest"]
    assert run(full.url, "docker pull large").code == 0
    assert held(full) == ["large:latest"]
