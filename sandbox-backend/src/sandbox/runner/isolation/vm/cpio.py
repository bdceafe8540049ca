"""Writes the archive that a Linux kernel unpacks at its start: cpio in the form "newc" (kernel documentation,
`driver-api/early-userspace/buffer-format`)."""

from __future__ import annotations

from dataclasses import dataclass

MAGIC = b"070701"
ALIGNMENT = 4
DIRECTORY, FILE, CHARACTER_DEVICE = 0o040000, 0o100000, 0o020000


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in the archive. Names that share `inode`, with `links` above 1, are one file: the first brings the
    content, the others have size 0."""

    name: str
    mode: int
    size: int = 0
    uid: int = 0
    gid: int = 0
    inode: int = 0
    links: int = 1
    mtime: int = 0
    device: tuple[int, int] = (0, 0)


def header(entry: Entry) -> bytes:
    """What stands before the content of `entry`; `padding` of its size has to follow that."""
    name = entry.name.encode("utf-8", "surrogateescape") + b"\0"
    numbers = (
        *(entry.inode, entry.mode, entry.uid, entry.gid, entry.links, entry.mtime, entry.size),
        *(0, 0, *entry.device, len(name), 0),
    )
    made = MAGIC + b"".join(b"%08x" % (number & 0xFFFFFFFF) for number in numbers) + name
    return made + padding(len(made))


def padding(size: int) -> bytes:
    """The zeros that bring `size` bytes to the next boundary."""
    return bytes(-size % ALIGNMENT)


def file(name: str, content: bytes, mode: int = FILE | 0o644) -> bytes:
    """A file of root's with all that belongs to it; a symbolic link is one whose content is its target."""
    return header(Entry(name, mode, len(content))) + content + padding(len(content))


def trailer() -> bytes:
    """The end of an archive."""
    return header(Entry("TRAILER!!!", 0))
