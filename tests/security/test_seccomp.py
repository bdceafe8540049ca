"""The compiled system call filter itself, loaded into a process that then tries what a hostile program would."""

from __future__ import annotations

import errno
import signal

import pytest

from support.filtered import INT_80, attempt, errors_of

X86_64 = {
    "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "fsopen": 430, "open_tree": 428,
    "move_mount": 429, "mount_setattr": 442, "bpf": 321, "perf_event_open": 298, "io_uring_setup": 425, "keyctl": 250,
    "add_key": 248, "request_key": 249, "init_module": 175, "finit_module": 313, "kexec_load": 246, "ptrace": 101,
    "userfaultfd": 323, "process_vm_readv": 310, "syslog": 103, "reboot": 169, "swapon": 167, "acct": 163,
    "quotactl": 179, "open_by_handle_at": 304, "settimeofday": 164, "clock_settime": 227, "iopl": 172,
    "lookup_dcookie": 212, "pidfd_getfd": 438, "fanotify_init": 300, "nfsservctl": 180, "vhangup": 153,
    "sched_setattr": 314,
    "fanotify_mark": 301, "io_setup": 206, "memfd_secret": 447, "modify_ldt": 154, "kcmp": 312, "mbind": 237,
    "set_mempolicy": 238, "migrate_pages": 256, "move_pages": 279, "process_madvise": 440, "quotactl_fd": 443,
    "process_vm_writev": 311, "remap_file_pages": 216, "setxattrat": 463, "file_setattr": 469, "listmount": 458,
    "ustat": 136, "sysfs": 139, "uselib": 134, "io_uring_register": 427, "delete_module": 176,
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


def error_of(compiled: str, words: list[int]) -> int:
    (error,) = errors_of(compiled, words)
    return error


def test_an_ordinary_call_passes(compiled: str) -> None:
    assert error_of(compiled, [GETPID]) == 0


@pytest.mark.parametrize("name", X86_64)
def test_a_call_outside_the_list_is_refused(compiled: str, name: str) -> None:
    assert error_of(compiled, [X86_64[name]]) == errno.EPERM


@pytest.mark.parametrize("name", NAMESPACES)
def test_no_new_namespace_by_clone(compiled: str, name: str) -> None:
    assert error_of(compiled, [CLONE, NAMESPACES[name]]) == errno.EPERM


def test_clone3_is_said_not_to_exist_so_that_libraries_use_clone(compiled: str) -> None:
    assert error_of(compiled, [CLONE3]) == errno.ENOSYS


@pytest.mark.parametrize("family", SOCKETS)
def test_a_socket_family_that_no_page_needs_is_refused(compiled: str, family: str) -> None:
    assert error_of(compiled, [SOCKET, SOCKETS[family], 2]) == errno.EPERM


@pytest.mark.parametrize("family", [1, 2, 10])
def test_local_and_internet_sockets_are_there(compiled: str, family: int) -> None:
    assert error_of(compiled, [SOCKET, family, 1]) == 0


def test_netlink_speaks_routes_only(compiled: str) -> None:
    assert error_of(compiled, [SOCKET, 16, 3]) == 0
    for protocol in (9, 12, 16):
        assert error_of(compiled, [SOCKET, 16, 3, protocol]) == errno.EPERM


def test_an_odd_personality_is_refused(compiled: str) -> None:
    assert error_of(compiled, [PERSONALITY, 0xFFFFFFFF]) == 0
    assert error_of(compiled, [PERSONALITY, 0x0040000]) == errno.EPERM


def test_the_32_bit_table_ends_the_process(compiled: str) -> None:
    assert attempt(compiled, INT_80).returncode == -signal.SIGSYS


def test_the_x32_table_ends_the_process(compiled: str) -> None:
    assert attempt(compiled, [[0x40000000 | GETPID]]).returncode == -signal.SIGSYS
