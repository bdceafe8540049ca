"""The system call filter of every run, compiled once, handed to the OCI runtime as ready BPF.

The profile (`seccomp.json`) is an allow-list for the machine's native calls. Compiling it takes about 18 ms, which
crun would spend on every run; the annotation ANNOTATION carries the compiled form instead.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyseccomp

PROFILE = Path(__file__).with_name("seccomp.json")
ANNOTATION = "run.oci.seccomp_bpf_data"
AF_NETLINK, SOL_SOCKET, PR_SET_SECCOMP = 16, 1, 22
# socket(2) takes SOCK_CLOEXEC and SOCK_NONBLOCK in the same argument (SOCK_TYPE_MASK, include/linux/net.h)
TYPE_BITS = 0xF
# the kernel takes an int, and would not see what stands in the register above it
INT_BITS = 0xFFFFFFFF


def compiled(*, filters: bool = False) -> str:
    """The filter as base64 of raw BPF for this machine's architecture; any other ABI kills the caller.

    With `filters` the program may confine itself further by filters of its own, as only one of ours does.
    """
    profile = json.loads(PROFILE.read_text())
    # the runtime applies the filter before its last steps, so a refused call must be an error, not a kill
    made = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    for name in profile["allow"]:
        _rule(made, pyseccomp.ALLOW, name)
    for name, answer in profile["errors"].items():
        number = getattr(errno, answer["error"]) if answer["error"] else 0
        _rule(made, pyseccomp.ERRNO(number), name)
    _allow_arguments(made, profile)
    if filters:
        _rule(made, pyseccomp.ALLOW, "seccomp")
        _rule(made, pyseccomp.ALLOW, "prctl", *_in([(PR_SET_SECCOMP, PR_SET_SECCOMP)], 0))
    _allow_sockets(made, profile)
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return base64.b64encode(file.read()).decode("ascii")


def _allow_arguments(made: Any, profile: dict[str, Any]) -> None:
    _rule(made, pyseccomp.ALLOW, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, profile["clone_forbidden_flags"], 0))
    for value in profile["personalities"]:
        _rule(made, pyseccomp.ALLOW, "personality", pyseccomp.Arg(0, pyseccomp.EQ, value))
    for name, allowed in profile["arguments"].items():
        for argument in _in(allowed["ranges"], allowed["argument"]):
            _rule(made, pyseccomp.ALLOW, name, argument)
        for argument in _in(allowed.get("unheeded", ()), allowed["argument"]):
            _rule(made, pyseccomp.ERRNO(0), name, argument)


def _allow_sockets(made: Any, profile: dict[str, Any]) -> None:
    for domain in profile["socket_domains"]:
        # of the internet's, SOCK_PACKET would be AF_PACKET (net/socket.c, __sock_create)
        for kind in _in(profile["socket_types"], 1, TYPE_BITS):
            _rule(made, pyseccomp.ALLOW, "socket", pyseccomp.Arg(0, pyseccomp.EQ, domain), kind)
    for protocol in profile["netlink_protocols"]:
        netlink = pyseccomp.Arg(0, pyseccomp.EQ, AF_NETLINK)
        _rule(made, pyseccomp.ALLOW, "socket", netlink, pyseccomp.Arg(2, pyseccomp.EQ, protocol))
    options = profile["socket_options"]
    for level in _in(options["levels"], 1):
        _rule(made, pyseccomp.ALLOW, "setsockopt", level)
    (sockets,) = _in([(SOL_SOCKET, SOL_SOCKET)], 1)
    for action, names in ((pyseccomp.ALLOW, "of_sockets"), (pyseccomp.ERRNO(0), "unheeded")):
        for option in _in(options[names], 2):
            _rule(made, action, "setsockopt", sockets, option)


def _in(ranges: Iterable[Sequence[int]], argument: int, bits: int = INT_BITS) -> list[Any]:
    """Comparisons that hold when the lower `bits` of an argument are in one of the ranges, each from first to last."""
    return [
        pyseccomp.Arg(argument, pyseccomp.MASKED_EQ, bits & ~(size - 1), start)
        for first, last in ranges
        for start, size in _blocks(first, last)
    ]


def _blocks(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Cut a range into the fewest blocks whose size is a power of two that divides their start."""
    while first <= last:
        size = first & -first or 1 << last.bit_length()
        while first + size - 1 > last:
            size >>= 1
        yield first, size
        first += size


def _rule(made: Any, action: Any, name: str, *arguments: Any) -> None:
    # a call newer than this libseccomp has no number here and stays refused
    with contextlib.suppress(OSError):
        made.add_rule(action, name, *arguments)
