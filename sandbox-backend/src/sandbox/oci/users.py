"""Who a container's process is: Docker's `--user` forms read against the image's own passwd and group files.

The files are read as Docker does it (moby/sys, user/user.go), one line after the other: rows may lack fields at their
end, and blanks around a row mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sandbox.docker.messages import HIGH_ID

# how many a container has, from 0
IDS = 65_536
LARGEST_ID = IDS - 1
DOCKERS_LARGEST_ID = 2**31 - 1
# what bytes and rows cost is time of an interpreter; a kernel takes more groups, and nobody is in so many
MOST_GROUPS = 1024
LARGEST, MOST_ROWS = 4 << 20, IDS
OUT_OF_RANGE = f"uids and gids must be in range 0-{DOCKERS_LARGEST_ID}"
_INTEGER = re.compile(r"[+-]?[0-9]+")


class UserError(ValueError):
    """The user or group does not exist in the image; the text is the Docker daemon's own."""


@dataclass(frozen=True, slots=True)
class Identity:
    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    home: str = "/"


@dataclass(slots=True)
class _Groups:
    """What one reading of the group file has found: the numbers of the `named` groups, the first one for each name, and
    those that the user is a member of."""

    named: dict[str, int] = field(default_factory=dict)
    memberships: list[int] = field(default_factory=list)

    def number(self, name: str) -> int:
        """The number of a group by its name or number."""
        if name in self.named:
            return self.named[name]
        if _INTEGER.fullmatch(name):
            return _number(name)
        raise UserError(f"unable to find group {name}: no matching entries in group file")


def resolve(user: str, passwd: str, group: str, more: Sequence[str] = ()) -> Identity:
    """The identity that `user` (`name`, `uid`, `name:group`, `uid:gid`, or empty for root) has in the image, with the
    groups `more` besides, each a name or a number.

    Supplementary groups come from the group file, unless a group is given; the primary group is always among them,
    as in Docker. UserError when a name is not there or a number is out of range. Of each file the first MOST_ROWS rows
    are read, and read once, however many groups there are.
    """
    name, _, group_name = user.partition(":")
    entry = _passwd_entry(name or "0", passwd)
    if entry is None and name and not _INTEGER.fullmatch(name):
        raise UserError(f"unable to find user {name}: no matching entries in passwd file")
    if entry is not None:
        login, uid, gid, home = entry
    else:
        login, uid, gid, home = "", _number(name or "0"), 0, "/"
    found = _groups(group, {*filter(None, (group_name,)), *more}, "" if group_name else login)
    if group_name:
        gid = found.number(group_name)
        groups = [gid]
    else:
        groups = found.memberships if gid in found.memberships else [gid, *found.memberships]
    every = tuple(dict.fromkeys((*groups, *map(found.number, more))))
    if len(every) > MOST_GROUPS:
        raise UserError(f"{name or 0} is in more than {MOST_GROUPS} groups")
    return Identity(uid, gid, every, home)


def _passwd_entry(name: str, passwd: str) -> tuple[str, int, int, str] | None:
    for fields in _rows(passwd):
        login, uid, gid, home = fields[0], fields[2], fields[3] or "0", fields[5]
        if name in (login, uid) and _is_number(uid) and _is_number(gid):
            return login, _number(uid), _number(gid), home or "/"
    return None


def _groups(group: str, wanted: set[str], login: str) -> _Groups:
    """Read the group file once."""
    found = _Groups()
    # looked for in the members as they stand, as a row may be all commas; a name that has one is nobody's
    member = f",{login}," if login and "," not in login else ""
    for fields in _rows(group) if wanted or member else ():
        name, number = fields[0], fields[2]
        is_member = bool(member) and member in f",{fields[3]},"
        if not (is_member or name in wanted) or not _is_number(number):
            continue
        if name in wanted:
            found.named.setdefault(name, _number(number))
        if is_member:
            found.memberships.append(_number(number))
    return found


def _rows(text: str) -> Iterator[list[str]]:
    """The fields of each of the first MOST_ROWS rows that has three or more; those that it lacks of a passwd row's are
    empty."""
    for line in text.split("\n", MOST_ROWS)[:MOST_ROWS]:
        row = line.strip()
        fields = row.split(":", 7)
        if len(fields) >= 3 and not row.startswith("#"):
            yield fields + [""] * (7 - len(fields))


def _is_number(text: str) -> bool:
    # a superscript is a digit to Python
    return text.isascii() and text.isdigit()


def _number(text: str) -> int:
    number = int(text) if len(text) < 12 else DOCKERS_LARGEST_ID + 1
    if not 0 <= number <= DOCKERS_LARGEST_ID:
        raise UserError(OUT_OF_RANGE)
    if number > LARGEST_ID:
        raise UserError(HIGH_ID.format(number=number, most=LARGEST_ID))
    return number
