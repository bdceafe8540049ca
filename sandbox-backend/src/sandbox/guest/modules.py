"""Which kernel modules a guest has to load, and in which order, as the modules themselves say.

Each module's own `.modinfo` section names those that it depends on (`depends=`). What it says of modules that it asks
for by another name while it runs (`softdep=`, `alias=`) is not followed: who wants one names it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from graphlib import TopologicalSorter

# magic, 64 bits, little endian: what the kernels of x86-64 and arm64 load
_ELF = b"\x7fELF\x02\x01"
# of a 64-bit ELF header: where the sections' headers begin; their size, their number, which one has the names
_SECTIONS = struct.Struct("<40xQ10xHHH")
# of a section's header: where its name is among the names, where it is in the file, its size
_SECTION = struct.Struct("<I20xQQ24x")


class ModuleError(ValueError):
    """A file is no kernel module, or a module that is needed is not there; the text says which."""


def needs(module: bytes) -> tuple[str, ...]:
    """The names of the modules that `module`, an uncompressed one, says it depends on. ModuleError when it is none."""
    for entry in _modinfo(module).split(b"\0"):
        if entry.startswith(b"depends="):
            return tuple(name for name in entry.removeprefix(b"depends=").decode().split(",") if name)
    raise ModuleError("not a kernel module: it does not say what it depends on")


def ordered(wanted: Iterable[str], needed_by: Callable[[str], Iterable[str]]) -> list[str]:
    """`wanted` and all that they need, each once and after what it needs itself; graphlib.CycleError if that cannot
    be."""
    graph: dict[str, tuple[str, ...]] = {}
    left = list(wanted)
    while left:
        name = left.pop()
        if name not in graph:
            graph[name] = tuple(needed_by(name))
            left += graph[name]
    return list(TopologicalSorter(graph).static_order())


def name_of(file: str) -> str:
    """The name of the module in a file of that name: `virtio_rng` for `virtio-rng.ko.xz`."""
    return file.partition(".")[0].replace("-", "_")


def _modinfo(module: bytes) -> bytes:
    """The content of the section `.modinfo`."""
    if not module.startswith(_ELF):
        raise ModuleError("not a kernel module: not a 64-bit ELF file")
    try:
        start, size, count, names_at = _SECTIONS.unpack_from(module)
        sections = [_SECTION.unpack_from(module, start + number * size) for number in range(count)]
        names = sections[names_at][1]
    except (struct.error, IndexError) as error:
        raise ModuleError("not a kernel module: a damaged ELF file") from error
    for name, place, length in sections:
        if module.startswith(b".modinfo\0", names + name):
            return module[place : place + length]
    raise ModuleError("not a kernel module: no section .modinfo")
