"""Says what is wrong with the name of an image that could not be had: name, tag, host or platform."""

from __future__ import annotations

import re

from sandbox.docker.cli import Pull, Run, shell
from sandbox.docker.cli.names import KNOWN, distance
from sandbox.hints import gate, tables, taken, wording
from sandbox.hints.advice import Advice, with_image
from sandbox.hints.world import World
from sandbox.model import reference as references
from sandbox.model.reference import InvalidReferenceError, Reference

# Docker Hub's pages have more in their addresses than its images have in their names
_OF_PAGES = re.compile(r"^(?:_/|r/|library/|u/|layers/|repository/docker/)+")
_PLATFORM = re.compile(r"no matching manifest for (\S+)")


def advice(line: str, asked: Run | Pull, message: str, world: World) -> Advice | None:
    """Return what to say of the daemon's `message` about an image; None when it is about something else."""
    try:
        named = references.parse(asked.image)
    except InvalidReferenceError:
        return None
    if "no matching manifest" in message:
        return Advice(_platform(asked, message))
    if named.domain is not None and ("no such host" in message or named.domain in tables.HUBS):
        return _other_host(line, asked, named, world)
    if "pull access denied" in message:
        return _unknown(line, asked, named, world)
    return _no_tag(line, asked, named, world) if ": not found" in message else None


def _platform(asked: Run | Pull, message: str) -> str:
    match = _PLATFORM.search(message)
    if asked.platform and match:
        return wording.NO_PLATFORM.format(platform=asked.platform)
    return wording.NO_IMAGE_PLATFORM


def _other_host(line: str, asked: Run | Pull, named: Reference, world: World) -> Advice:
    """Say that images come from one place alone; offer the image without the host, if it is here."""
    path = _OF_PAGES.sub("", named.path)
    image = path + (f":{named.tag}" if named.tag != references.DEFAULT_TAG and named.tag else "")
    if world.find(image):
        return Advice(wording.OTHER_HOST.format(host=named.domain), (with_image(line, asked, image),))
    said = wording.OTHER_HOST_ONLY if world.shown else wording.OTHER_HOST
    return Advice(said.format(host=named.domain, images=world.shown))


def _unknown(line: str, asked: Run | Pull, named: Reference, world: World) -> Advice:
    """Offer the image that is here and nearly so called; else say which ones are here. Never another program's. What
    stands before an image that is here was perhaps no image."""
    if isinstance(asked, Run) and asked.image in KNOWN | {"docker"} and asked.args and world.find(asked.args[0]):
        rest = shell.join(("docker", "run", *asked.options, *asked.args))
        return Advice(wording.TWICE.format(word=asked.image), (rest,))
    if isinstance(asked, Run) and any(world.find(word) for word in asked.args[: taken.MOST_WORDS]):
        lines = tuple(taken.joined(line))
        if any(gate.verdict(one, world).sound for one in lines):
            return Advice(wording.APART, lines)
    ranked = sorted((distance(named.familiar_name[:64], _bare(name)), name) for name in world.show)
    steps, name = ranked[0] if ranked else (len(named.path), "")
    if name and steps <= (1 if len(_bare(name)) < 6 else 2):
        meant = _bare(name) if named.tag == references.DEFAULT_TAG else f"{_bare(name)}:{named.tag}"
        return Advice(wording.NOT_IN_REGISTRY, (with_image(line, asked, meant),))
    if isinstance(asked, Run) and (eaten := taken.eaten(line, world)):
        return Advice(f"{wording.NOT_IN_REGISTRY} {eaten}")
    return Advice(wording.HERE_ARE.format(images=world.shown) if world.shown else wording.NOT_IN_REGISTRY)


def _no_tag(line: str, asked: Run | Pull, named: Reference, world: World) -> Advice:
    tags = sorted(name for name in world.show if _bare(name) == named.familiar_name)
    if not tags:
        return Advice(wording.NO_TAG)
    near = [name for name in tags if distance(named.tag[:64], name.rpartition(":")[2]) <= 2]
    lines = tuple(with_image(line, asked, name) for name in near if len(named.tag) > 3)
    reason = wording.NO_TAG if lines else wording.TAGS_HERE.format(images=", ".join(tags))
    return Advice(reason, lines)


def _bare(name: str) -> str:
    """Return a familiar name without its tag."""
    return name.rpartition(":")[0] or name
