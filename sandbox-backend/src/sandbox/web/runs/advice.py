"""Asks the room of hints for a run of this process: with what its Docker host, its site and other hosts have."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from sandbox import hints
from sandbox.docker.cli import Command, Printed, Pull, Run
from sandbox.docker.errors import DockerError
from sandbox.hints import Known, World
from sandbox.model.events import Exited, Notice
from sandbox.model.image import Image
from sandbox.model.protocol import Script
from sandbox.settings import Settings
from sandbox.web.runs.docker_hosts import DockerHost

EXPANSION = "shell-expansion"


class Here(Mapping[str, Known]):
    """The images of a Docker host, those that others have pulled from the same registry, and those that are always
    kept, by name; what is known of one is looked up when it is asked for."""

    def __init__(self, host: DockerHost, kept: Mapping[str, Known]) -> None:
        self._host, self._kept = host, kept

    def __getitem__(self, name: str) -> Known:
        held = self._host.images.get(name)
        if held is not None:
            return hints.known(held)
        if name in self._kept:
            return self._kept[name]
        elsewhere = self._host.shared.named(name)
        if elsewhere is None:
            raise KeyError(name)
        return hints.known(elsewhere, held=False)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._host.images, **self._kept})

    def __len__(self) -> int:
        return len({**self._host.images, **self._kept})


class Advisor:
    """Gives the hints and notices of one command line."""

    def __init__(self, settings: Settings, host: DockerHost, isolation: str, line: str) -> None:
        self._settings, self._host, self._isolation, self._line = settings, host, isolation, line

    def _world(self) -> World:
        here = Here(self._host, hints.offered_here(self._settings.kept_images))
        running = self._host.containers.values()
        return World(
            limits=self._settings.limits,
            isolation=self._isolation,
            images=here,
            show=tuple(here),
            containers=frozenset(name for one in running for name in (one.id, one.id[:12], one.name) if name),
            architecture=os.uname().machine,
        )

    def notice(self, command: Command) -> Notice | None:
        """Return what a shell would have made of the line first, if it would have made anything of it."""
        text = hints.notice(self._line, command, self._world())
        return Notice(EXPANSION, text) if text else None

    def of_printed(self, printed: Printed) -> str | None:
        """Return the hint for what docker's client answers by itself."""
        return hints.for_printed(self._line, printed, self._world())

    def of_error(self, asked: Run | Pull, error: DockerError) -> str | None:
        """Return the hint for what the daemon does not carry out."""
        if error.hint is not None and isinstance(asked, Run):
            return hints.for_refusal(asked, error, self._world())
        message = error.stderr.rstrip("\n")
        return error.hint or self.of_result(asked, Exited(error.code, "not-started", message=message), None)

    def of_result(self, asked: Run | Pull, exited: Exited, image: Image | None) -> str | None:
        """Return the hint for how a command has ended."""
        known = None if image is None else hints.known(image)
        return hints.for_result(self._line, asked, exited, known, self._world())

    def of_script(self, script: Script) -> str:
        """Return the hint for a script that the kernel has not executed."""
        return hints.for_script(script, self._world())
