"""The way to a layer's folder: links are followed inside the layer, and no folder of anybody else is ever opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.images.unpacker.folders import DEEPEST, MOST_LINKS, BadLayer, Folders
from sandbox.images.unpacker.layer import split


class Tree:
    """A layer in a folder whose neighbours must not be touched."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "layer"
        (self.root / "usr/lib").mkdir(parents=True)
        (folder / "etc").mkdir()
        self.descriptor = os.open(self.root, os.O_RDONLY)
        self.folders = Folders(self.descriptor, lambda above, name: os.mkdir(name, dir_fd=above))

    def opened(self, path: str, *, make: bool = True) -> str:
        """The path where a folder truly is, as the walk says and as the kernel does."""
        with self.folders.opened(split(path.encode()), make=make) as (descriptor, parts):
            said, found = b"/".join(parts).decode(), Path(f"/proc/self/fd/{descriptor}").readlink()
        assert found == self.root / said
        return said

    def link(self, name: str, target: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).symlink_to(target)


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    made = Tree(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    yield made
    assert len(list(Path("/proc/self/fd").iterdir())) == before, "a descriptor stays open"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["etc", "layer"]
    assert list((tmp_path / "etc").iterdir()) == []
    os.close(made.descriptor)


@pytest.mark.parametrize(
    ("links", "path", "where"),
    [
        ({}, "a/b", "a/b"),
        ({}, "", ""),
        ({"lib": "usr/lib"}, "lib/x", "usr/lib/x"),
        ({"lib": "/usr/lib"}, "lib/x", "usr/lib/x"),
        ({"lib": "usr/lib/"}, "lib", "usr/lib"),
        ({"lib": "./usr/../usr//lib"}, "lib/x", "usr/lib/x"),
        ({"a/b/up": "../../usr"}, "a/b/up/lib", "usr/lib"),
        ({"l": "/etc"}, "l/x", "etc/x"),
        ({"l": "../../../etc"}, "l/x", "etc/x"),
        ({"l": ".."}, "l/x", "x"),
        ({"l": "/"}, "l/l/l/usr", "usr"),
        ({"l": "."}, "l/l/usr", "usr"),
        ({"l": "not/there"}, "l/x", "not/there/x"),
        ({"a": "b", "b": "c", "c": "usr"}, "a/lib", "usr/lib"),
        # a way back leads from where the link has led to, not from where it stands
        ({"l": "usr/lib", "m": "l/.."}, "m/x", "usr/x"),
    ],
)
def test_a_link_is_followed_inside_the_layer(tree: Tree, links: dict[str, str], path: str, where: str) -> None:
    for name, target in links.items():
        tree.link(name, target)
    assert tree.opened(path) == where
    assert tree.opened(path, make=False) == where


@pytest.mark.parametrize(
    ("links", "path"),
    [
        ({"a": "b", "b": "a"}, "a/x"),
        ({"a": "a/a"}, "a/x"),
        ({f"l{number}": f"l{number + 1}" for number in range(MOST_LINKS + 1)}, "l0/x"),
        ({"l": "file"}, "l/x"),
        ({}, "file/x"),
        ({"l": "/".join("d" * (DEEPEST + 1))}, "l"),
    ],
)
def test_a_way_that_leads_nowhere_is_refused(tree: Tree, links: dict[str, str], path: str) -> None:
    (tree.root / "file").touch()
    for name, target in links.items():
        tree.link(name, target)
    with pytest.raises(BadLayer):
        tree.opened(path)


def test_no_row_of_links_makes_a_folder_deeper_than_there_may_be(tree: Tree) -> None:
    deep = "/".join("d" * (DEEPEST - 1))
    tree.link("l", deep)
    assert tree.opened("l/d") == deep + "/d"
    with pytest.raises(BadLayer, match="too deep"):
        tree.opened("l/d/d")
    tree.link(deep + "/m", "d")
    with pytest.raises(BadLayer, match="too deep"):
        tree.opened("l/m/d")


def test_what_is_missing_is_made_only_when_it_shall_be(tree: Tree) -> None:
    with pytest.raises(BadLayer, match="nosuch is not there"):
        tree.opened("nosuch/x", make=False)
    assert not (tree.root / "nosuch").exists()
