"""Builds the teaching images from their Dockerfiles with buildah and copies official ones with skopeo.

Both keep caches in /var/lib/containers; here they work in a mount namespace where that folder is a tmpfs, with a
storage of their own elsewhere, so that nothing of it stays on the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import tomllib
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dacite

from sandbox.embedded import RegistryError

CACHES = Path("/var/lib/containers")
HUB = "docker://docker.io/library"
HUB_SECONDS = 5.0
STEP_SECONDS = 300.0
_HIDE = f'mount -t tmpfs none {CACHES} && exec "$@"'


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image of `images.toml`: `digest` is the official one's, empty where there is none."""

    name: str
    tags: tuple[str, ...]
    digest: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipes:
    created: datetime.datetime
    image: tuple[Recipe, ...]


def read(file: Path) -> Recipes:
    """The recipes in `images.toml`. RegistryError when the file is not one."""
    try:
        return dacite.from_dict(Recipes, tomllib.loads(file.read_text()), dacite.Config(strict=True, cast=[tuple]))
    except (OSError, tomllib.TOMLDecodeError, dacite.DaciteError) as error:
        raise RegistryError(f"{file}: {error}") from error


@contextmanager
def no_caches() -> Iterator[None]:
    """The folder that `_HIDE` needs to be there; afterwards it is gone again if it was not there before."""
    made = not CACHES.exists()
    CACHES.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        if made:
            with contextlib.suppress(OSError):
                CACHES.rmdir()


@dataclass(frozen=True, slots=True)
class Kitchen:
    """Where images are made: `images` holds the recipes, `work` is scratch space, `port` the registry's."""

    images: Path
    work: Path
    port: int
    created: datetime.datetime

    def target(self, recipe: Recipe, tag: str) -> str:
        return f"docker://127.0.0.1:{self.port}/library/{recipe.name}:{tag}"

    async def build(self, recipe: Recipe) -> None:
        """Build the image for this machine's architecture and push it, as an index, under all its tags."""
        context = self.work / f"{recipe.name}-{recipe.tags[0]}"
        context.mkdir()
        await call("./context.sh", str(context.resolve()), cwd=self.images / recipe.name)
        name = f"localhost/{context.name}"
        await self._buildah("build", *self._options(recipe), "--manifest", name, str(context))
        for tag in recipe.tags:
            push = ("manifest", "push", "--all", "--quiet", "--tls-verify=false", name)
            await self._buildah(*push, self.target(recipe, tag))

    def _options(self, recipe: Recipe) -> list[str]:
        arguments = [f"--build-arg={key}={value}" for key, value in recipe.arguments.items()]
        return [
            *("--quiet", "--isolation=chroot", "--layers", "--format=oci", "--identity-label=false"),
            *(f"--timestamp={int(self.created.timestamp())}", *arguments),
            *("--file", str(self.images / recipe.name / "Dockerfile")),
        ]

    async def _buildah(self, *arguments: str) -> None:
        store = ("--root", f"{self.work}/storage", "--runroot", f"{self.work}/run", "--storage-driver=vfs")
        await _apart("buildah", *store, *arguments)

    async def copy(self, recipe: Recipe) -> None:
        """Copy the official image, all platforms, so that its index keeps the digest; RegistryError if that fails
        or the image has nothing for this machine."""
        source = f"{HUB}/{recipe.name}@{recipe.digest}"
        for tag in recipe.tags:
            target = self.target(recipe, tag)
            await _apart("skopeo", "copy", "--all", "--preserve-digests", "--dest-tls-verify=false", source, target)
            await _apart("skopeo", "inspect", "--tls-verify=false", target)


async def hub_answers(recipe: Recipe) -> bool:
    """One question to Docker Hub, with a short limit."""
    source = f"{HUB}/{recipe.name}@{recipe.digest}"
    try:
        await _apart("skopeo", "inspect", "--raw", source, seconds=HUB_SECONDS)
    except RegistryError:
        return False
    return True


async def _apart(*argv: str, seconds: float = STEP_SECONDS) -> None:
    await call("unshare", "--mount", "--propagation=private", "sh", "-c", _HIDE, "sh", *argv, seconds=seconds)


async def call(*argv: str, cwd: Path | None = None, seconds: float = STEP_SECONDS) -> None:
    """Run a program to its end; RegistryError with its last words when it fails, is missing or takes too long."""
    try:
        process = await asyncio.create_subprocess_exec(*argv, cwd=cwd, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE)
    except OSError as error:
        raise RegistryError(f"{argv[0]}: {error}") from error
    try:
        async with asyncio.timeout(seconds):
            _, said = await process.communicate()
    except TimeoutError:
        raise RegistryError(f"{argv[0]}: not done after {seconds:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RegistryError(f"{' '.join(argv)}: {said.decode(errors='replace').strip()[-1000:]}")
