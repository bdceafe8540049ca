"""Says who a container's process is, by long files of users: `python -m sandbox.runner.container.users_process`.

Both files are open already. An order of JSON comes from descriptor 0, the answer goes to descriptor 1. By then it has
no privilege, the lowest priority, and limits of time, memory and bytes.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sandbox.linux import confine, processes
from sandbox.oci import users
from sandbox.oci.users import Identity, UserError

SECONDS, MEMORY, LARGEST_ORDER, LARGEST_ANSWER = 10, 512 << 20, 1 << 20, 1 << 16
PRIORITY = 19


@dataclass(frozen=True, slots=True)
class Order:
    """Whom to look for, in the files behind the descriptors `passwd` and `group` (-1 where there is none), as whom."""

    user: str
    groups: tuple[str, ...]
    passwd: int
    group: int
    uid: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The identity, or what is wrong with it in Docker's words."""

    error: str = ""
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = ""


def text(file: int) -> str:
    """Return the text of an open file of users, as far as it is looked at; empty without one."""
    return "" if file < 0 else os.pread(file, users.LARGEST, 0).decode("utf-8", "replace")


def resolve(user: str, groups: Sequence[str], passwd: int, group: int) -> Identity:
    """Return who the process is, by the open files. UserError as `users.resolve`."""
    return users.resolve(user, text(passwd), text(group), groups)


def main() -> int:
    """Carry out the order."""
    order = Order(**json.loads(os.pread(0, LARGEST_ORDER, 0)))
    _confine(order.uid)
    try:
        found = resolve(order.user, order.groups, order.passwd, order.group)
        answer = Answer("", found.uid, found.gid, found.groups, found.home)
    except UserError as error:
        answer = Answer(str(error))
    os.write(1, json.dumps(asdict(answer)).encode())
    return 0


def _confine(uid: int) -> None:
    processes.come_at(PRIORITY)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    confine.relinquish(signal.SIGKILL)
    limits = {resource.RLIMIT_CPU: SECONDS, resource.RLIMIT_AS: MEMORY, resource.RLIMIT_FSIZE: LARGEST_ANSWER}
    for name, value in limits.items():
        resource.setrlimit(name, (value, value))


if __name__ == "__main__":
    sys.exit(main())
