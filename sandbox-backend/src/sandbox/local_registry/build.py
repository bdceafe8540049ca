"""Builds the teaching images from their Dockerfiles, or copies the official ones, into a registry. Needs no root."""

from __future__ import annotations

import asyncio
import datetime
import sys
import tomllib
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dacite

from sandbox.local_registry import dockerfile
from sandbox.local_registry.oci_image import Builder
from sandbox.local_registry.push import Repository
from sandbox.local_registry.server import RegistryError

HUB = "https://registry-1.docker.io"
LIBRARY = "library/"
HUB_SECONDS = 5.0
STEP_SECONDS = 300.0


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


@dataclass(frozen=True, slots=True)
class Kitchen:
    """Where images are made: `images` holds the recipes, `work` is scratch space, `port` the registry's."""

    images: Path
    work: Path
    port: int
    created: datetime.datetime

    @property
    def registry(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def build(self, recipe: Recipe) -> None:
        """Build the image for this machine's architecture and push it, as an index, under all its tags."""
        context = self.work / f"{recipe.name}-{recipe.tags[0]}"
        context.mkdir()
        await call("./context.sh", str(context.resolve()), cwd=self.images / recipe.name)
        text = (self.images / recipe.name / "Dockerfile").read_text()
        image = Builder(context, self.created).build(dockerfile.steps(text, recipe.arguments))
        target = Repository(self.registry, LIBRARY + recipe.name)
        for blob in image.blobs:
            target.put_blob(blob)
        target.put_manifest(image.manifest)
        for tag in recipe.tags:
            target.put_manifest(image.index, tag)

    async def copy(self, recipe: Recipe) -> None:
        """Copy the official image, all platforms, so that its index keeps the digest; RegistryError if that fails
        or the image has nothing for this machine."""
        await _hub(recipe, self.registry, *recipe.tags)


async def hub_answers(recipe: Recipe) -> bool:
    """One question to Docker Hub, with a short limit."""
    try:
        await _hub(recipe, seconds=HUB_SECONDS)
    except RegistryError:
        return False
    return True


async def _hub(recipe: Recipe, *target: str, seconds: float = STEP_SECONDS) -> None:
    program = (sys.executable, "-m", "sandbox.local_registry.hub")
    await call(*program, HUB, LIBRARY + recipe.name, recipe.digest, *target, seconds=seconds)


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
