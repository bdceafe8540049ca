"""Builds the teaching images from their Dockerfiles and copies official ones; skopeo brings both into the registry.

Nothing here needs root. Of what skopeo keeps between its runs nothing stays on the machine.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import tomllib
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dacite

from sandbox.embedded import RegistryError, dockerfile
from sandbox.embedded.oci_layout import Layout

HUB = "docker://docker.io/library"
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

    def target(self, recipe: Recipe, tag: str) -> str:
        return f"docker://127.0.0.1:{self.port}/library/{recipe.name}:{tag}"

    async def build(self, recipe: Recipe) -> None:
        """Build the image for this machine's architecture and push it, as an index, under all its tags."""
        context = self.work / f"{recipe.name}-{recipe.tags[0]}"
        context.mkdir()
        await call("./context.sh", str(context.resolve()), cwd=self.images / recipe.name)
        text = (self.images / recipe.name / "Dockerfile").read_text()
        layout = context.with_suffix(".oci")
        Layout(layout, self.created).write(dockerfile.steps(text, recipe.arguments), context)
        for tag in recipe.tags:
            # by its name alone: a colon in the folders above would end the path
            await self._copy(f"oci:{layout.name}", self.target(recipe, tag))

    async def copy(self, recipe: Recipe) -> None:
        """Copy the official image, all platforms, so that its index keeps the digest; RegistryError if that fails
        or the image has nothing for this machine."""
        source = f"{HUB}/{recipe.name}@{recipe.digest}"
        for tag in recipe.tags:
            target = self.target(recipe, tag)
            await self._copy(source, target)
            await self._skopeo("inspect", "--tls-verify=false", target)

    async def _copy(self, source: str, target: str) -> None:
        await self._skopeo("copy", "--all", "--preserve-digests", "--dest-tls-verify=false", source, target)

    async def hub_answers(self, recipe: Recipe) -> bool:
        """One question to Docker Hub, with a short limit."""
        source = f"{HUB}/{recipe.name}@{recipe.digest}"
        try:
            await self._skopeo("inspect", "--raw", source, seconds=HUB_SECONDS)
        except RegistryError:
            return False
        return True

    async def _skopeo(self, *arguments: str, seconds: float = STEP_SECONDS) -> None:
        """Run skopeo with its caches in the scratch space.

        It keeps them where XDG says, but root's in /var/lib/containers, unless this variable of its library says that
        the user is another. Its policy file, which may be missing, is not asked: a digest pins what is copied.
        """
        environ = {"XDG_DATA_HOME": str(self.work), "_CONTAINERS_ROOTLESS_UID": "1"}
        argv = ("skopeo", "--insecure-policy", *arguments)
        await call(*argv, cwd=self.work, environ=environ, seconds=seconds)


async def call(
    *argv: str, cwd: Path | None = None, environ: Mapping[str, str] | None = None, seconds: float = STEP_SECONDS
) -> None:
    """Run a program to its end, with `environ` on top of ours; RegistryError with its last words when it fails, is
    missing or takes too long."""
    env = {**os.environ, **(environ or {})}
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=cwd, env=env, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
        )
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
