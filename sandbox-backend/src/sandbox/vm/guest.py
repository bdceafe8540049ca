"""What the first process of a virtual machine (`guest/init.c`) is told: an OCI configuration, in a form easy to read.

Each text ends with a zero byte, and its first letter says what it is. The machine has its own kernel, so of the
configuration just what Docker's user has chosen is taken; namespaces, capabilities and the filter are the container's.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.plan import Ulimit
from sandbox.spec import Spec

# include/uapi/asm-generic/resource.h, in the order of its numbers
RLIMITS = "CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME".split()
# include/uapi/linux/mount.h
FLAGS = {"ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "sync": 16, "noatime": 1024, "nodiratime": 2048}
OWN_TMPFS = frozenset({"/dev", "/dev/shm"})


def configuration(made: Spec, ulimits: tuple[Ulimit, ...]) -> bytes:
    """The OCI configuration `made` and the reader's own limits, for the first process of a machine."""
    return b"".join(text.encode("utf-8", "surrogateescape") + b"\0" for text in _texts(made, ulimits))


def _texts(made: Spec, ulimits: tuple[Ulimit, ...]) -> Iterator[str]:
    process, resources = made["process"], made["linux"]["resources"]
    yield from (f"a{word}" for word in process["args"])
    yield from (f"e{variable}" for variable in process["env"])
    yield f"w{process['cwd']}"
    yield f"h{made['hostname']}"
    yield f"u{process['user']['uid']}"
    yield f"g{process['user']['gid']}"
    yield from (f"G{group}" for group in process["user"]["additionalGids"])
    yield f"m{resources['memory']['limit']}"
    yield f"p{resources['pids']['limit']}"
    rlimits = [Ulimit(one["type"].removeprefix("RLIMIT_"), one["soft"], one["hard"]) for one in process["rlimits"]]
    # what is said later counts
    yield from (f"l{RLIMITS.index(one.name.upper())} {one.soft} {one.hard}" for one in (*rlimits, *ulimits))
    for mount in made["mounts"]:
        if mount["type"] == "tmpfs" and mount["destination"] not in OWN_TMPFS:
            yield f"t{mount['destination']}"
            yield f"t{_options(mount['options'])}"
    if made["root"]["readonly"]:
        yield "r"
    if process["terminal"]:
        yield "T"


def _options(options: list[str]) -> str:
    """mount(2)'s two forms of options: flags as a number, the others as text."""
    flags = sum(FLAGS.get(option, 0) for option in set(options))
    return f"{flags} {','.join(option for option in options if '=' in option)}"
