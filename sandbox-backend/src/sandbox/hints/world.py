"""Says what a hint may go by: this host's limits, and the images and containers that are here. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sandbox.docker.cli import Command
from sandbox.hints import tables
from sandbox.hints.tries import Tries
from sandbox.model import reference as references
from sandbox.model.image import Config, Image
from sandbox.model.plan import Limits
from sandbox.model.reference import InvalidReferenceError

MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an image that is here: the names of its `programs`, None where they are not known, some `paths`
    of them, and the beginning of what it starts by itself; `held` when it need not be pulled."""

    programs: frozenset[str] | None = None
    paths: frozenset[str] = frozenset()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    stand_in: bool = False
    held: bool = True

    @property
    def config(self) -> Config:
        """Return what a command line starts from."""
        return Config(self.entrypoint, self.cmd)

    @property
    def has_shell(self) -> bool:
        """Return whether it is known to have the shell `sh`."""
        return self.programs is not None and "sh" in self.programs


# what the images that are always kept start by themselves, where they have not been looked at yet
_SHELL, _HELLO = ("/bin/sh",), ("/hello",)


@dataclass(frozen=True, slots=True)
class World:
    """What can be had on this Docker host: `images` by their full familiar names (`alpine:latest`), those to `show` in
    a text, the names and ids of running containers, and the `architecture` of this machine, empty where it is unknown.
    """

    limits: Limits = field(default_factory=Limits)
    isolation: str = "container"
    images: Mapping[str, Known] = field(default_factory=dict)
    show: tuple[str, ...] = ()
    containers: frozenset[str] = frozenset()
    architecture: str = ""
    tries: Tries = field(default_factory=Tries, compare=False, repr=False)

    def anew(self) -> World:
        """Return the same for another hint, for which nothing has been tried yet."""
        return replace(self, tries=Tries())

    def parse(self, line: str) -> Command | None:
        """Return the command in a line that is tried for a hint; None when enough of them have been."""
        return self.tries.parse(line)

    def find(self, text: str) -> Known | None:
        """Return what is known of the image that a line names; None when it is not known to be here."""
        name = familiar(text)
        return self.images.get(name) if name else None

    @property
    def shown(self) -> str:
        """Return the images that a text names, in a row."""
        names = sorted({name.removesuffix(":latest") for name in self.show})
        return ", ".join(names[:MOST_SHOWN])


def familiar(text: str) -> str:
    """Return the full familiar name of an image, `alpine:latest`; empty for what is none."""
    try:
        return references.parse(text).familiar
    except InvalidReferenceError:
        return ""


def known(image: Image, *, held: bool = True) -> Known:
    """Return what a hint may know of an image that was pulled."""
    programs, paths = tables.IMAGES.get(image.reference), tables.PATHS
    if image.programs is not None:
        programs, paths = frozenset(path.rpartition("/")[2] for path in image.programs), frozenset(image.programs)
    config = image.config
    return Known(programs, paths if programs else frozenset(), config.entrypoint, config.cmd, _is_stand_in(image), held)


def _is_stand_in(image: Image) -> bool:
    return image.provenance == "stand-in"


def offered_here(kept: Iterable[str]) -> dict[str, Known]:
    """Return what is known of the images that a site always keeps, before they are pulled."""
    found: dict[str, Known] = {}
    for name in kept:
        programs = tables.IMAGES.get(name)
        if programs == frozenset():
            found[name] = Known(programs, cmd=_HELLO, held=False)
        else:
            found[name] = Known(programs, tables.PATHS if programs else frozenset(), cmd=_SHELL, held=False)
    return found
