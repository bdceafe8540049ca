"""Makes system calls in a process of its own that the compiled filter was loaded into, as a hostile program would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from support import pace

# loads the filter given on stdin, makes the calls given in argv, prints their errnos (0 for one that was let through)
PROBE = """
import base64, ctypes, json, mmap, sys
libc = ctypes.CDLL(None, use_errno=True)
code = base64.b64decode(sys.stdin.read())
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
buffer = ctypes.create_string_buffer(code)
program = Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
calls = json.loads(sys.argv[1])
memory = mmap.mmap(-1, 4096, prot=7)
memory.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid of the 32-bit table); int 0x80; ret
entry = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0
if calls == "int80":
    print("got", entry())
else:
    errors = []
    for call in calls:
        result = libc.syscall(*[ctypes.c_long(word) for word in [*call, *[0] * 7][:7]])
        errors.append(ctypes.get_errno() if result < 0 else 0)
    print(json.dumps(errors))
sys.stdout.flush()
"""
INT_80 = "int80"
Call = Sequence[int]


def attempt(compiled: str, calls: Sequence[Call] | str) -> subprocess.CompletedProcess[str]:
    """The end of a process that makes the calls, each a number and its arguments, or one of the 32-bit table."""
    command = [sys.executable, "-I", "-c", PROBE, json.dumps(calls)]
    return subprocess.run(
        command, input=compiled, capture_output=True, text=True, timeout=pace.seconds(20), check=False
    )


def errors_of(compiled: str, *calls: Call) -> list[int]:
    """The errno of each call, 0 for one that was let through and succeeded."""
    ended = attempt(compiled, calls)
    assert ended.returncode == 0, ended.stderr
    return list(map(int, json.loads(ended.stdout)))
