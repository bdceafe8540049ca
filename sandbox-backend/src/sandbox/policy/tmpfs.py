"""Parses `--tmpfs path[:option,…]` as moby/sys mount does, held below this host's size for a run's files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace

from sandbox.docker.cli import wording
from sandbox.docker.errors import DockerError, Fix
from sandbox.docker.go import quote
from sandbox.docker.messages import task_error
from sandbox.model.plan import MIB, MOST_TMPFS, Tmpfs
from sandbox.policy.errors import refused

_SIZE = re.compile(r"([0-9]{1,15})([kKmMgG%]?)")
_MULTIPLIERS = {"": 1, "k": 1024, "m": MIB, "g": 1024 * MIB}
_MODE = re.compile(r"[0-7]{1,4}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_SWITCHES = {
    **dict.fromkeys(("exec", "noexec"), "exec"),
    **dict.fromkeys(("suid", "nosuid"), "suid"),
    **dict.fromkeys(("dev", "nodev"), "dev"),
    **dict.fromkeys(("ro", "rw"), "ro"),
    **dict.fromkeys(("sync", "async"), "sync"),
    **dict.fromkeys(("atime", "noatime", "relatime", "norelatime", "strictatime", "nostrictatime"), "atime"),
    **dict.fromkeys(("diratime", "nodiratime"), "diratime"),
    "defaults": "defaults",
}
_DEFAULTS = ("noexec", "nosuid", "nodev")
_MODE_BITS = 0o1777
# set-id programs and devices stay off: the folder is the container's own, the kernel is not
_KEPT_OFF = {"suid": "nosuid", "dev": "nodev"}


def parse_all(texts: Iterable[str], most: int) -> tuple[Tmpfs, ...]:
    """Return the mounts of one run, all of them together at most `most` bytes: those without a size share what is left.

    A later one replaces an earlier one at the same path.
    """
    mounts = {mount.path: mount for mount in (parse(text, most) for text in texts)}
    if len(mounts) > MOST_TMPFS:
        raise refused(f"more than {MOST_TMPFS} tmpfs mounts", wording.MANY_TMPFS.format(most=MOST_TMPFS))
    given = sum(mount.size for mount in mounts.values())
    sharing = sum(not mount.size for mount in mounts.values())
    if given + sharing > most:
        raise _too_big(given, most)
    return tuple(mount if mount.size else replace(mount, size=(most - given) // sharing) for mount in mounts.values())


def parse(text: str, most: int) -> Tmpfs:
    """Return the mount that `text` asks for; a size of 0 where it names none. DockerError in the daemon's words."""
    path, _, options = text.partition(":")
    path = _checked(path)
    size, mode, ids = 0, _MODE_BITS, list[str]()
    switches = {_SWITCHES[word]: word for word in _DEFAULTS}
    for option in filter(None, options.split(",")):
        name, _, value = option.partition("=")
        if option in _SWITCHES:
            switches[_SWITCHES[option]] = option
        elif name == "size":
            size = _size(text, option, value, most)
        elif name == "mode" and _MODE.fullmatch(value):
            mode = int(value, 8)
        elif name in ("uid", "gid") and _NUMBER.fullmatch(value):
            ids.append(option)
        elif name not in ("nr_inodes", "nr_blocks") or not value:
            raise _invalid(option)
    switches.pop("defaults", None)
    kept = [_KEPT_OFF.get(word, word) for word in switches.values()]
    return Tmpfs(path, size, mode, (*kept, *ids))


def _checked(path: str) -> str:
    if not path.startswith("/"):
        text = f"invalid mount path: '{path}' mount path must be absolute"
        raise refused(text, wording.BAD_TMPFS)
    path = "/" + posixpath.normpath(path).lstrip("/")
    if path == "/":
        raise refused("invalid specification: destination can't be '/'", wording.BAD_TMPFS)
    system = path.split("/")[1]
    if system in ("proc", "sys"):
        text = f'error mounting "tmpfs" to rootfs at "{path}": cannot be mounted because it is inside /{system}'
        raise refused(task_error(text), wording.SYSTEM_TMPFS)
    return path


def _size(text: str, option: str, value: str, most: int) -> int:
    match = _SIZE.fullmatch(value)
    if match is None:
        raise _invalid(option)
    if match[2] == "%":
        return max(1, most * min(int(match[1]), 100) // 100)
    size = int(match[1]) * _MULTIPLIERS[match[2].lower()]
    if size > most:
        raise _too_big(size, most, Fix("tmpfs", text.replace(option, f"size={most // MIB}m"), of=text))
    return size


def _too_big(size: int, most: int, fix: Fix | None = None) -> DockerError:
    hint = wording.TOO_BIG_TMPFS.format(most=f"{most // MIB}MiB")
    return refused(f"--tmpfs size {size} is above this host's limit of {most} bytes", hint, fix)


def _invalid(option: str) -> DockerError:
    """Return the error for an option, whose two halves the daemon prints as Go prints a list."""
    halves = " ".join(map(quote, option.split("=", 1)))
    return refused(f"invalid tmpfs option [{halves}]", wording.BAD_TMPFS)
