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
from pathlib import Path
from typing import Any

import pyseccomp

PROFILE = Path(__file__).with_name("seccomp.json")
ANNOTATION = "run.oci.seccomp_bpf_data"
AF_NETLINK = 16


def compiled() -> str:
    """The filter as base64 of raw BPF for this machine's architecture; any other ABI kills the caller."""
    profile = json.loads(PROFILE.read_text())
    # the runtime applies the filter before its last steps, so a refused call must be an error, not a kill
    made = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    for name in profile["allow"]:
        _allow(made, name)
    for name in profile["enosys"]:
        made.add_rule(pyseccomp.ERRNO(errno.ENOSYS), name)
    _allow(made, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, profile["clone_forbidden_flags"], 0))
    for domain in profile["socket_domains"]:
        _allow(made, "socket", pyseccomp.Arg(0, pyseccomp.EQ, domain))
    for protocol in profile["netlink_protocols"]:
        _allow(made, "socket", pyseccomp.Arg(0, pyseccomp.EQ, AF_NETLINK), pyseccomp.Arg(2, pyseccomp.EQ, protocol))
    for value in profile["personalities"]:
        _allow(made, "personality", pyseccomp.Arg(0, pyseccomp.EQ, value))
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return base64.b64encode(file.read()).decode("ascii")


def _allow(made: Any, name: str, *arguments: Any) -> None:
    # a call newer than this libseccomp has no number here and stays refused
    with contextlib.suppress(OSError):
        made.add_rule(pyseccomp.ALLOW, name, *arguments)
