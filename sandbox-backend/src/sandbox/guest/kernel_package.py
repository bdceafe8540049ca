"""Takes from a distribution's kernel package, unpacked and not installed, what a guest needs of it.

python -m sandbox.guest.kernel_package MODULES_FOLDER TARGET_FOLDER NAME…
"""

from __future__ import annotations

import lzma
import sys
from collections.abc import Iterable
from pathlib import Path

import zstandard

from sandbox.guest import modules
from sandbox.guest.modules import ModuleError


def select(folder: Path, wanted: Iterable[str]) -> list[tuple[str, bytes]]:
    """Name and uncompressed content of each module that has to be loaded for `wanted`, in the order to load them.

    `folder` is the kernel's own in /lib/modules. What is built into the kernel is left out; ModuleError names a module
    that is neither there nor built in.
    """
    files = {modules.name_of(path.name): path for path in sorted(folder.rglob("*.ko*"))}
    built_in = {modules.name_of(Path(line).name) for line in (folder / "modules.builtin").read_text().split()}
    contents: dict[str, bytes] = {}

    def needed_by(name: str) -> tuple[str, ...]:
        if name in built_in:
            return ()
        if name not in files:
            raise ModuleError(f"the kernel module {name} is neither in {folder} nor built in")
        contents[name] = _read(files[name])
        return modules.needs(contents[name])

    return [(name, contents[name]) for name in modules.ordered(wanted, needed_by) if name in contents]


def _read(path: Path) -> bytes:
    """The module in a file, uncompressed: Debian has `.ko`, others `.ko.xz` or `.ko.zst`."""
    data = path.read_bytes()
    match path.suffix:
        case ".ko":
            return data
        case ".xz":
            return lzma.decompress(data)
        case ".zst":
            return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    raise ModuleError(f"{path}: a compression that is not known here")


def main(folder: str, target: str, *wanted: str) -> int:
    """Write the modules into the folder `target`, their files' names sorted in the order to load them."""
    try:
        selected = select(Path(folder), wanted)
    except ModuleError as error:
        print(error, file=sys.stderr)
        return 1
    for number, (name, content) in enumerate(selected):
        (Path(target) / f"{number:02}-{name}.ko").write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
