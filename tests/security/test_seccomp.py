"""The compiled system call filter itself, loaded into a process that then tries what a hostile program would."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys

import pytest

from support import pace

# loads the filter given on stdin, makes the call given in argv, prints the errno (0 when it was let through)
PROBE = """
import base64, ctypes, json, mmap, sys
libc = ctypes.CDLL(None, use_errno=True)
code = base64.b64decode(sys.stdin.read())
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
buffer = ctypes.create_string_buffer(code)
program = Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
words = json.loads(sys.argv[1])
memory = mmap.mmap(-1, 4096, prot=7)
memory.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid of the 32-bit table); int 0x80; ret
entry = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0
if words == "int80":
    print("got", entry())
else:
    result = libc.syscall(*[ctypes.c_long(word) for word in words])
    print(ctypes.get_errno() if result < 0 else 0)
sys.stdout.flush()
"""
X86_64 = {
    "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "fsopen": 430, "open_tree": 428,
    "move_mount": 429, "mount_setattr": 442, "bpf": 321, "perf_event_open": 298, "io_uring_setup": 425, "keyctl": 250,
    "add_key": 248, "request_key": 249, "init_module": 175, "finit_module": 313, "kexec_load": 246, "ptrace": 101,
    "userfaultfd": 323, "process_vm_readv": 310, "syslog": 103, "reboot": 169, "swapon": 167, "acct": 163,
    "quotactl": 179, "open_by_handle_at": 304, "settimeofday": 164, "clock_settime": 227, "iopl": 172,
    "lookup_dcookie": 212, "pidfd_getfd": 438, "fanotify_init": 300, "nfsservctl": 180, "vhangup": 153,
}  # fmt: skip
SOCKETS = {
    "vsock": 40,
    "alg": 38,
    "packet": 17,
    "key": 15,
    "xdp": 44,
    "bluetooth": 31,
    "can": 29,
    "rxrpc": 33,
    "tipc": 30,
}
CLONE, CLONE3, SOCKET, PERSONALITY, GETPID = 56, 435, 41, 135, 39
NAMESPACES = {"ns": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000,
              "pid": 0x20000000, "net": 0x40000000}  # fmt: skip

pytestmark = pytest.mark.x86_64


@pytest.fixture(scope="module")
def compiled() -> str:
    from sandbox.runner.kernel import seccomp

    return seccomp.compiled()


def attempt(compiled: str, words: list[int] | str) -> subprocess.CompletedProcess[str]:
    """The probe's end, in a process of its own."""
    command = [sys.executable, "-I", "-c", PROBE, json.dumps(words)]
    return subprocess.run(
        command, input=compiled, capture_output=True, text=True, timeout=pace.seconds(20), check=False
    )


def error_of(compiled: str, words: list[int]) -> int:
    ended = attempt(compiled, words)
    assert ended.returncode == 0, ended.stderr
    return int(ended.stdout)


def test_an_ordinary_call_passes(compiled: str) -> None:
    assert error_of(compiled, [GETPID, 0, 0, 0, 0, 0, 0]) == 0


@pytest.mark.parametrize("name", X86_64)
def test_a_call_outside_the_list_is_refused(compiled: str, name: str) -> None:
    assert error_of(compiled, [X86_64[name], 0, 0, 0, 0, 0, 0]) == errno.EPERM


@pytest.mark.parametrize("name", NAMESPACES)
def test_no_new_namespace_by_clone(compiled: str, name: str) -> None:
    assert error_of(compiled, [CLONE, NAMESPACES[name], 0, 0, 0, 0, 0]) == errno.EPERM


def test_clone3_is_said_not_to_exist_so_that_libraries_use_clone(compiled: str) -> None:
    assert error_of(compiled, [CLONE3, 0, 0, 0, 0, 0, 0]) == errno.ENOSYS


@pytest.mark.parametrize("family", SOCKETS)
def test_a_socket_family_that_no_page_needs_is_refused(compiled: str, family: str) -> None:
    assert error_of(compiled, [SOCKET, SOCKETS[family], 2, 0, 0, 0, 0]) == errno.EPERM


@pytest.mark.parametrize("family", [1, 2, 10])
def test_local_and_internet_sockets_are_there(compiled: str, family: int) -> None:
    assert error_of(compiled, [SOCKET, family, 1, 0, 0, 0, 0]) == 0


def test_netlink_speaks_routes_only(compiled: str) -> None:
    assert error_of(compiled, [SOCKET, 16, 3, 0, 0, 0, 0]) == 0
    for protocol in (9, 12, 16):
        assert error_of(compiled, [SOCKET, 16, 3, protocol, 0, 0, 0]) == errno.EPERM


def test_an_odd_personality_is_refused(compiled: str) -> None:
    assert error_of(compiled, [PERSONALITY, 0xFFFFFFFF, 0, 0, 0, 0, 0]) == 0
    assert error_of(compiled, [PERSONALITY, 0x0040000, 0, 0, 0, 0, 0]) == errno.EPERM


def test_the_32_bit_table_ends_the_process(compiled: str) -> None:
    assert attempt(compiled, "int80").returncode == -signal.SIGSYS


def test_the_x32_table_ends_the_process(compiled: str) -> None:
    assert attempt(compiled, [0x40000000 | GETPID, 0, 0, 0, 0, 0, 0]).returncode == -signal.SIGSYS
