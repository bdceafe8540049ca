"""Who a container's process is: Docker's `--user` forms read against the image's own passwd and group files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# how many a container has, from 0
IDS = 65_536
LARGEST_ID = IDS - 1
DOCKERS_LARGEST_ID = 2**31 - 1
_INTEGER = re.compile(r"[+-]?[0-9]+")


class UserError(ValueError):
    """The user or group does not exist in the image; the text is the Docker daemon's own."""


@dataclass(frozen=True, slots=True)
class Identity:
    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    home: str = "/"


def resolve(user: str, passwd: str, group: str) -> Identity:
    """The identity that `user` (`name`, `uid`, `name:group`, `uid:gid`, or empty for root) has in the image.

    Supplementary groups come from the group file, unless a group is given; the primary group is always among them,
    as in Docker. UserError when a name is not there or a number is out of range.
    """
    name, _, group_name = user.partition(":")
    entry = _passwd_entry(name or "0", passwd)
    if entry is None and name and not _INTEGER.fullmatch(name):
        raise UserError(f"unable to find user {name}: no matching entries in passwd file")
    if entry is not None:
        login, uid, gid, home = entry
    else:
        login, uid, gid, home = "", _number(name or "0"), 0, "/"
    if group_name:
        gid = _group_id(group_name, group)
        return Identity(uid, gid, (gid,), home)
    groups = tuple(_memberships(login, group)) if login else ()
    return Identity(uid, gid, groups if gid in groups else (gid, *groups), home)


def _passwd_entry(name: str, passwd: str) -> tuple[str, int, int, str] | None:
    for fields in _rows(passwd, 7):
        if (name in (fields[0], fields[2])) and _is_number(fields[2]) and _is_number(fields[3]):
            return fields[0], _number(fields[2]), _number(fields[3]), fields[5] or "/"
    return None


def _group_id(name: str, group: str) -> int:
    for fields in _rows(group, 4):
        if name == fields[0] and _is_number(fields[2]):
            return _number(fields[2])
    if _INTEGER.fullmatch(name):
        return _number(name)
    raise UserError(f"unable to find group {name}: no matching entries in group file")


def _memberships(login: str, group: str) -> Iterator[int]:
    for fields in _rows(group, 4):
        if login in fields[3].split(",") and _is_number(fields[2]):
            yield _number(fields[2])


def _rows(text: str, width: int) -> Iterator[list[str]]:
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) >= width and not line.startswith("#"):
            yield fields


def _is_number(text: str) -> bool:
    # a superscript is a digit to Python
    return text.isascii() and text.isdigit()


def _number(text: str) -> int:
    number = int(text) if len(text) < 12 else DOCKERS_LARGEST_ID + 1
    if not 0 <= number <= DOCKERS_LARGEST_ID:
        raise UserError(f"uids and gids must be in range 0-{DOCKERS_LARGEST_ID}")
    if number > LARGEST_ID:
        raise UserError(f"uids and gids must be in range 0-{LARGEST_ID}")
    return number
