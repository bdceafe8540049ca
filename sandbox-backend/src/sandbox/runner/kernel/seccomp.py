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
AF_UNIX, AF_NETLINK, PR_SET_SECCOMP = 1, 16, 22
# socket(2) takes SOCK_CLOEXEC and SOCK_NONBLOCK in the same argument (SOCK_TYPE_MASK, include/linux/net.h)
TYPE_BITS = 0xF
# the kernel takes an int, and would not see what stands in the register above it
INT_BITS = 0xFFFFFFFF


def compiled(*, filters: bool = False, slow: bool = False) -> str:
    """The filter as base64 of raw BPF for this machine's architecture; any other ABI kills the caller.

    With `filters` the program may confine itself further by filters of its own, as only one of ours does. Memory of a
    `slow` one may be on a slow disk, so that it has no call during which others wait for that.
    """
    profile = json.loads(PROFILE.read_text())
    # the runtime applies the filter before its last steps, so a refused call must be an error, not a kill
    made = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    for name in (name for group in profile["allow"] for name in group["calls"]):
        _rule(made, pyseccomp.ALLOW, name)
    for name, answer in profile["errors"].items():
        _rule(made, _answer(answer["error"]), name)
    for name, allowed in profile["arguments"].items():
        _ranges(made, name, allowed["argument"], allowed)
    for name, allowed in () if slow else profile["quick"].items():
        _ranges(made, name, allowed["argument"], allowed)
    _without_bits(made, profile["without_bits"])
    if filters:
        _rule(made, pyseccomp.ALLOW, "seccomp")
        _rule(made, pyseccomp.ALLOW, "prctl", *_in([(PR_SET_SECCOMP, PR_SET_SECCOMP)], 0))
    _sockets(made, profile["sockets"])
    for level, allowed in profile["options"].items():
        _ranges(made, "setsockopt", 2, allowed, *_in([(int(level), int(level))], 1))
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return base64.b64encode(file.read()).decode("ascii")


def _ranges(made: Any, name: str, argument: int, allowed: dict[str, Any], *others: Any) -> None:
    """Allow a call when an argument is in one of the ranges, and answer in place of it when it is in others."""
    for one in _in(allowed["ranges"], argument):
        _rule(made, pyseccomp.ALLOW, name, *others, one)
    if some := allowed.get("some"):
        without = pyseccomp.Arg(some["argument"], pyseccomp.MASKED_EQ, some["bits"], 0)
        _rule(made, pyseccomp.ALLOW, name, *others, *_in([(some["value"], some["value"])], argument), without)
    new = allowed.get("asks_without")
    asks, sets = ([pyseccomp.Arg(new, how, 0)] if new else [] for how in (pyseccomp.EQ, pyseccomp.NE))
    for error, ranges in allowed.get("answers", {}).items():
        for one in _in(ranges, argument):
            _rule(made, _answer(error), name, *others, one, *sets)
            if asks:
                _rule(made, pyseccomp.ALLOW, name, *others, one, *asks)


def _without_bits(made: Any, calls: dict[str, Any]) -> None:
    for name, call in calls.items():
        argument, bits = call["argument"], call["bits"]
        _rule(made, pyseccomp.ALLOW, name, pyseccomp.Arg(argument, pyseccomp.MASKED_EQ, bits, 0))
        if call["error"] != "EPERM":
            _rule(made, _answer(call["error"]), name, pyseccomp.Arg(argument, pyseccomp.MASKED_EQ, bits, bits))


def _sockets(made: Any, allowed: dict[str, Any]) -> None:
    for kind in _in(allowed["local"], 1, TYPE_BITS):
        _rule(made, pyseccomp.ALLOW, "socket", pyseccomp.Arg(0, pyseccomp.EQ, AF_UNIX), kind)
    for domain, kinds in allowed["internet"].items():
        family = pyseccomp.Arg(0, pyseccomp.EQ, int(domain))
        for number, protocols in kinds.items():
            (kind,) = _in([(int(number), int(number))], 1, TYPE_BITS)
            for protocol in protocols:
                _rule(made, pyseccomp.ALLOW, "socket", family, kind, pyseccomp.Arg(2, pyseccomp.EQ, protocol))
    for protocol in allowed["netlink"]:
        netlink = pyseccomp.Arg(0, pyseccomp.EQ, AF_NETLINK)
        _rule(made, pyseccomp.ALLOW, "socket", netlink, pyseccomp.Arg(2, pyseccomp.EQ, protocol))


def _answer(error: str | None) -> Any:
    """An errno by its name; none, or 0, is success without anything done."""
    return pyseccomp.ERRNO(getattr(errno, error) if error and error != "0" else 0)


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
