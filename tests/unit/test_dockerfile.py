"""The Dockerfiles of the teaching images: what each instruction adds, the same bytes always, and errors with a line."""

from __future__ import annotations

import datetime
import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from sandbox.local_registry import dockerfile
from sandbox.local_registry.oci_image import Builder, Image
from sandbox.local_registry.push import digest_of
from sandbox.local_registry.server import RegistryError

CREATED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
WHOLE = """# an image
FROM scratch
ARG VERSION
LABEL one="a b" \\
      # in between
      version="${VERSION}"
COPY tree-$VERSION/ /
ADD base.tar /
ENV PATH=/bin
CMD ["sh", "-c"]
"""


def context(folder: Path, *, mode: int = 0o755) -> Path:
    """A build context with a folder and a tar, both with entries that order, time and owner could change."""
    tree = folder / "tree-1"
    (tree / "etc").mkdir(parents=True)
    for name in ("zero", "etc/b", "etc/a"):
        (tree / name).write_text(name)
        (tree / name).chmod(mode)
    with tarfile.open(folder / "base.tar", "w") as archive:
        for name, kind, target in (
            (".", "5", ""),
            ("./bin", "5", ""),
            ("./bin/x", "0", ""),
            ("./bin/y", "1", "./bin/x"),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.uid, member.uname = kind.encode(), target, 1000, "somebody"
            archive.addfile(member, io.BytesIO())
    return folder


def build(folder: Path, text: str, **arguments: str) -> Image:
    """An image that is made of the context in `folder`."""
    return Builder(folder, CREATED).build(dockerfile.steps(text, arguments))


def opened(image: Image) -> tuple[Any, list[list[tarfile.TarInfo]]]:
    """The configuration and the entries of each layer."""
    (entry,) = json.loads(image.index.data)["manifests"]
    manifest = json.loads(image.manifest.data)
    parts = (manifest["config"], *manifest["layers"])
    for descriptor, data in zip((entry, *parts), (image.manifest.data, *image.blobs), strict=True):
        assert (descriptor["digest"], descriptor["size"]) == (digest_of(data), len(data))
    config, *layers = image.blobs
    tars = [gzip.decompress(layer) for layer in layers]
    assert json.loads(config)["rootfs"]["diff_ids"] == [digest_of(tar) for tar in tars]
    return json.loads(config), [tarfile.open(fileobj=io.BytesIO(tar)).getmembers() for tar in tars]


def test_each_instruction_adds_its_part(tmp_path: Path) -> None:
    config, (copied, added) = opened(build(context(tmp_path), WHOLE, VERSION="1"))
    settings = {"Env": ["PATH=/bin"], "Cmd": ["sh", "-c"], "Labels": {"one": "a b", "version": "1"}}
    assert config["config"] == settings
    assert [member.name for member in copied] == ["etc", "etc/a", "etc/b", "zero"]
    assert [(member.name, member.linkname) for member in added] == [("bin", ""), ("bin/x", ""), ("bin/y", "bin/x")]
    assert [entry.get("empty_layer", False) for entry in config["history"]] == [True, True, False, False, True, True]
    assert config["history"][0]["created_by"] == "/bin/sh -c #(nop) ARG VERSION"
    assert config["history"][2]["created_by"].startswith("/bin/sh -c #(nop) COPY dir:")


def test_every_file_is_roots_and_as_old_as_the_image(tmp_path: Path) -> None:
    _, layers = opened(build(context(tmp_path), WHOLE, VERSION="1"))
    found = {(entry.uid, entry.gid, entry.uname, entry.mtime) for layer in layers for entry in layer}
    assert found == {(0, 0, "", CREATED.timestamp())}


def test_the_same_files_give_the_same_bytes_and_another_mode_does_not(tmp_path: Path) -> None:
    indexes = []
    for name, mode in (("one", 0o755), ("two", 0o755), ("three", 0o700)):
        indexes.append(build(context(tmp_path / name, mode=mode), WHOLE, VERSION="1").index)
    assert indexes[0] == indexes[1] != indexes[2]


def test_an_image_from_nothing_has_the_usual_path(tmp_path: Path) -> None:
    (tmp_path / "hello").write_text("hello")
    config, ((hello,),) = opened(build(tmp_path, "FROM scratch\nCOPY hello /\n"))
    assert config["config"]["Env"] == ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    assert hello.name == "hello"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "FROM scratch"),
        ("FROM alpine", 1, "FROM scratch"),
        ("FROM scratch AS one", 1, "FROM scratch"),
        ("FROM scratch\nFROM scratch", 2, "not known"),
        ("FROM scratch\n\nRUN true", 3, "not known"),
        ("FROM scratch\nCOPY --chown=1:1 a /", 2, "one source"),
        ("FROM scratch\nCOPY a b /", 2, "one source"),
        ("FROM scratch\nCOPY a /srv", 2, "one source"),
        ("FROM scratch\nCOPY ../a /", 2, "outside"),
        ("FROM scratch\nCOPY /etc/passwd /", 2, "outside"),
        ("FROM scratch\nCOPY nothing /", 2, "nothing"),
        ("FROM scratch\n# why\nADD text /", 3, "text"),
        ("FROM scratch\nCMD sh", 2, "list"),
        ("FROM scratch\nCMD [1]", 2, "list"),
        ("FROM scratch\nENV PATH /bin", 2, "NAME=VALUE"),
        ("FROM scratch\nLABEL a=1 \\\n  b", 2, "NAME=VALUE"),
        ('FROM scratch\nLABEL a="1', 2, "quotation"),
        ("FROM scratch\nENV A=$B", 2, "ARG"),
        ("FROM scratch\nARG B", 2, "no value"),
        ("FROM scratch\nCMD\\", 2, "ends in"),
    ],
)
def test_what_is_not_known_is_an_error_with_its_line(text: str, line: int, problem: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no tar")
    with pytest.raises(RegistryError, match=rf"Dockerfile:{line}: .*{problem}"):
        build(tmp_path, text)


def test_an_argument_that_nothing_takes_is_an_error() -> None:
    with pytest.raises(RegistryError, match="no ARG takes VERSION"):
        dockerfile.steps("FROM scratch\n", {"VERSION": "1"})
