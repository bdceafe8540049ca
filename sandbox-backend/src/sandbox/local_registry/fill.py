"""Fills the local registry with the teaching images: official ones where the internet is there, else stand-ins.

A filled registry replaces the one before it in one step and carries a stamp of what it was made from; with the same
stamp there is nothing to do. A run that was ended in the middle leaves only a work folder, which the next one clears.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.local_registry import build, server
from sandbox.local_registry.build import Kitchen, Recipe, Recipes
from sandbox.local_registry.server import RegistryError
from sandbox.settings import Settings

# changed when this program fills differently from the same inputs
FORM = b"2"
Say = Callable[[str], None]


def busybox() -> Path:
    """The static busybox that the images are made from; BUSYBOX names one elsewhere, as it does in rootfs.sh."""
    return Path(os.environ.get("BUSYBOX") or "/bin/busybox")


def stamp(images: Path) -> str:
    """Names what a registry is made from: every file of the folder `images`, and what is taken from the machine."""
    files = [*sorted(path for path in images.rglob("*") if path.is_file()), busybox()]
    digest = hashlib.sha256(FORM)
    for file in files:
        content = file.read_bytes() if file.exists() else b""
        digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def is_filled(images: Path, state: Path) -> bool:
    """True when the registry in `state` was made from just these inputs."""
    file = server.home(state) / "stamp"
    return file.exists() and file.read_text() == stamp(images)


def fill(images: Path, settings: Settings, say: Say, *, offline: bool = False, again: bool = False) -> None:
    """Make `<state>/registry` hold the images of the folder `images`; nothing is done when it does already.

    `offline` never asks Docker Hub, `again` fills even so. Any user may fill: root's registry then belongs to root,
    another's to that user. RegistryError says what went wrong; the registry that was there before is then still there.
    """
    images = images.resolve()
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with _alone(settings.data_dir):
            if again or not is_filled(images, settings.data_dir):
                _fill(images, settings, say, offline)
    except OSError as error:
        raise RegistryError(str(error)) from error


def _fill(images: Path, settings: Settings, say: Say, offline: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="fill-", dir=settings.data_dir.resolve()) as work:
        fresh = Path(work, "registry")
        asyncio.run(_make(images, fresh, settings.registry_uid, say, offline))
        (fresh / "stamp").write_text(stamp(images))
        _freeze(fresh, settings.registry_uid)
        _replace(server.home(settings.data_dir), fresh)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """One filling at a time; what a killed one left goes."""
    with (state / "fill.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _sweep(state)
        try:
            yield
        finally:
            # what the killed one had started may have written on for a moment
            _sweep(state)


def _sweep(state: Path) -> None:
    for left in state.glob("fill-*"):
        shutil.rmtree(left, ignore_errors=True)


async def _make(images: Path, fresh: Path, uid: int, say: Say, offline: bool) -> None:
    recipes = build.read(images / "images.toml")
    (fresh / "storage").mkdir(parents=True)
    _configure(fresh, read_only=False)
    _freeze(fresh, uid)  # whatever the umask, the registry's own user can read it
    if server.may_become(uid):
        os.chown(fresh / "storage", uid, uid)
    port = server.free_port()
    async with server.serving(fresh, uid, port):
        kitchen = Kitchen(images, fresh.parent, port, recipes.created)
        await _cook(kitchen, recipes, say, offline)
    _configure(fresh, read_only=True)


async def _cook(kitchen: Kitchen, recipes: Recipes, say: Say, offline: bool) -> None:
    online = not offline and await _online(recipes.image, say)
    for recipe in recipes.image:
        kind = await _one(kitchen, recipe, say, online)
        say(f"레지스트리: {recipe.name}:{', '.join(recipe.tags)} ({kind})")


async def _online(recipes: Sequence[Recipe], say: Say) -> bool:
    first = next((recipe for recipe in recipes if recipe.digest), None)
    if first is None or await build.hub_answers(first):
        return first is not None
    say("레지스트리: Docker Hub에 닿지 않아서, 같은 이름의 대체 이미지(stand-in)를 이 컴퓨터에서 만들어요.")
    return False


async def _one(kitchen: Kitchen, recipe: Recipe, say: Say, online: bool) -> str:
    if recipe.digest and online:
        try:
            await kitchen.copy(recipe)
        except RegistryError as error:
            say(f"레지스트리: {recipe.name}: 공식 이미지를 가져오지 못했어요. {error}")
        else:
            return "공식"
    await kitchen.build(recipe)
    return "대체" if recipe.digest else "직접 만듦"


def _configure(folder: Path, *, read_only: bool) -> None:
    (folder / "config.json").write_text(server.configuration(read_only=read_only))


def _freeze(folder: Path, uid: int) -> None:
    """Give all to root, readable and no more by the registry's own user `uid`, and on disk when this returns: what
    takes its place afterwards is whole even if the machine fails. Where there is no such user, all stays ours."""
    given = server.may_become(uid)
    for path in (folder, *folder.rglob("*")):
        if given:
            os.chown(path, 0, 0)
        path.chmod(0o755 if path.is_dir() else 0o644)
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _replace(old: Path, fresh: Path) -> None:
    if old.exists():
        old.rename(fresh.with_name("before"))
    fresh.rename(old)


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m sandbox.local_registry.fill`: 0 when the registry holds the images, 1 when it could not be filled."""
    parser = argparse.ArgumentParser(
        prog="sandbox.local_registry.fill", description="교재 이미지로 내장 레지스트리를 채워요."
    )
    parser.add_argument("--images", type=Path, required=True, help="images.toml이 있는 폴더")
    parser.add_argument("--data-dir", type=Path, default=Settings().data_dir, help="레지스트리를 둘 폴더")
    parser.add_argument("--offline", action="store_true", help="Docker Hub에 묻지 않고 대체 이미지를 만들어요")
    parser.add_argument("--again", action="store_true", help="이미 채워져 있어도 다시 채워요")
    options = parser.parse_args(argv)
    try:
        fill(options.images, Settings(data_dir=options.data_dir), print, offline=options.offline, again=options.again)
    except RegistryError as error:
        print(f"레지스트리를 채우지 못했어요: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
