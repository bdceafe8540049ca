"""A container is made from an image: the image's layers, one writable layer of its own, and a command to start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paper_docker.layer import File, Layer, Program, check_path, is_at_or_below, union

if TYPE_CHECKING:
    from paper_docker.image import Image


@dataclass(frozen=True)
class Result:
    """The output and the exit code of a run."""

    output: str
    code: int


class NotStarted(Exception):
    """The command cannot be started; `code` is the exit code that Docker ends with then."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Container:
    """Reads from all layers and writes to its own. Containers of one image share its layers, and not their own."""

    def __init__(self, image: Image, argv: Sequence[str]) -> None:
        if not argv:
            raise ValueError("no command specified")
        self.image = image
        self.argv = tuple(argv)
        self._written: dict[str, File] = {}
        self._deleted: set[str] = set()

    @property
    def layer(self) -> Layer:
        """Return the writable layer as it is now: the only difference between containers of one image."""
        return Layer(self._written, frozenset(self._deleted))

    @property
    def files(self) -> dict[str, File]:
        """Return the file system as a program in this container sees it."""
        return union([*self.image.layers, self.layer])

    def read(self, path: str) -> str:
        """Return the text of a file. FileNotFoundError when it is not there, or not a file with text."""
        file = self.files.get(path)
        if not isinstance(file, str):
            raise FileNotFoundError(path)
        return file

    def write(self, path: str, text: str) -> None:
        """Write a file to the writable layer. A file of the image is hidden by its changed copy: copy-on-write."""
        check_path(path)
        self._forget(path)
        for other in [other for other in self.files if other != path and is_at_or_below(path, other)]:
            self.remove(other)  # a file where a folder has to be
        self._written[path] = text

    def remove(self, path: str) -> None:
        """Delete a file or a folder. What the image holds cannot be deleted, only hidden: a whiteout."""
        check_path(path)
        if not any(is_at_or_below(other, path) for other in self.files):
            raise FileNotFoundError(path)
        self._forget(path)
        if any(is_at_or_below(other, path) for other in self.image.files):
            self._deleted.add(path)

    def _forget(self, path: str) -> None:
        """Drop from the writable layer what is at this path or below."""
        self._written = {other: file for other, file in self._written.items() if not is_at_or_below(other, path)}

    def names(self, folder: str = "/") -> list[str]:
        """Return the names in a folder. FileNotFoundError when there is no such folder."""
        inside = [path for path in self.files if is_at_or_below(path, folder) and path != folder]
        if not inside and folder != "/":
            raise FileNotFoundError(folder)
        return sorted({path.removeprefix(folder.rstrip("/")).split("/")[1] for path in inside})

    def diff(self) -> list[str]:
        """Return what this container changed, as `docker diff` writes it: A added, C changed, D deleted."""
        before, after = self.image.files, self.files
        changed = {path: "C" if path in before else "A" for path in self._written}
        deleted = {path: "D" for path in before if path not in after}
        return [f"{kind} {path}" for path, kind in sorted((changed | deleted).items())]

    def start(self) -> Result:
        """Run the command to its end. A second start finds what the first one wrote: `docker start`."""
        name, *arguments = self.argv
        try:
            program = self._program(name)
        except NotStarted as reason:
            return Result(f'exec: "{name}": {reason}\n', reason.code)
        try:
            return Result(program(self, *arguments), 0)
        except FileNotFoundError as missing:
            return Result(f"{name.split('/')[-1]}: {missing}: No such file or directory\n", 1)

    def _program(self, name: str) -> Program:
        """Return the program that the first argument names: a path, or a name to look up in the folders of PATH."""
        if "/" not in name:
            paths = (f"{folder}/{name}" for folder in self.image.path)
            found = next((file for path in paths if callable(file := self.files.get(path))), None)
            if found is None:
                raise NotStarted(127, "executable file not found in $PATH")
            return found
        file = self.files.get(name)
        if callable(file):
            return file
        raise self._why_not(name, file)

    def _why_not(self, path: str, file: File | None) -> NotStarted:
        if file is not None:
            return NotStarted(126, "permission denied")
        if any(is_at_or_below(other, path) for other in self.files):
            return NotStarted(126, "is a directory")
        return NotStarted(127, f"stat {path}: no such file or directory")
