"""The Linux calls that Python 3.11 does not offer, each as one small function that raises OSError.

Numbers and structures are those of the kernel's own headers (linux/mount.h, linux/prctl.h, linux/capability.h,
linux/openat2.h); system call numbers above 423 are the same on every architecture.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

_OPEN_TREE, _MOVE_MOUNT, _OPENAT2, _MOUNT_SETATTR = 428, 429, 437, 442
_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 1
_MOVE_MOUNT_F_EMPTY_PATH = 4
_MOUNT_ATTR_RDONLY = 0x1
_MOUNT_ATTR_NOSUID = 0x2
_MOUNT_ATTR_NODEV = 0x4
_MOUNT_ATTR_IDMAP = 0x00100000
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_IN_ROOT = 0x10

_SYSLOG_READ_ALL = 3
_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
_libc.syscall.restype = ctypes.c_long


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for new ones."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: Path | str, kind: str | None = None, flags: int = 0, data: str | None = None) -> None:
    """mount(2)."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    _check(_libc.mount(encoded[0], encoded[1], encoded[2], flags, encoded[3]), f"mount {target}")


def unmount(target: Path | str, flags: int = MNT_DETACH) -> None:
    """umount2(2); by default the whole tree below `target` goes, at once for new users, later for open files."""
    _check(_libc.umount2(os.fsencode(target), flags), f"umount {target}")


def pivot_root(new: Path) -> None:
    """Make `new` the root of this mount namespace and let go of the old one."""
    os.chdir(new)
    _check(_libc.pivot_root(b".", b"."), "pivot_root")
    unmount(".")
    os.chdir("/")


def private_mounts() -> None:
    """A mount namespace of this process's own, from which nothing travels back to the machine."""
    unshare(CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_PRIVATE)


def mount_idmapped(source: Path, target: Path, user_namespace: int) -> None:
    """Bind `source` at `target`, read-only, its owners translated by the map of the given user namespace."""
    tree = idmapped(source, user_namespace)
    try:
        _check(
            _libc.syscall(_MOVE_MOUNT, tree, b"", _AT_FDCWD, os.fsencode(target), _MOVE_MOUNT_F_EMPTY_PATH),
            "move_mount",
        )
    finally:
        os.close(tree)


def idmapped(source: Path, user_namespace: int) -> int:
    """A descriptor of such a mount of `source`, attached nowhere; it is gone with the descriptor, which the caller
    closes. OSError with EINVAL where the file system of `source` knows no id-mapped mounts."""
    tree = _check(
        _libc.syscall(_OPEN_TREE, _AT_FDCWD, os.fsencode(source), _OPEN_TREE_CLONE | os.O_CLOEXEC), "open_tree"
    )
    flags = _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV | _MOUNT_ATTR_IDMAP
    attributes = _MountAttr(flags, 0, 0, user_namespace)
    size = ctypes.sizeof(attributes)
    try:
        _check(
            _libc.syscall(_MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH, ctypes.byref(attributes), size), "mount_setattr"
        )
    except OSError:
        os.close(tree)
        raise
    return tree


def make_read_only(target: Path) -> None:
    """Remount `target` and all below it read-only and nosuid, as far as this namespace sees it."""
    attributes = _MountAttr(_MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID, 0, 0, 0)
    size = ctypes.sizeof(attributes)
    path = os.fsencode(target)
    _check(
        _libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, path, _AT_RECURSIVE, ctypes.byref(attributes), size), "mount_setattr"
    )


def open_in_root(root: int, path: str, flags: int) -> int:
    """Open `path` as a process chrooted into the folder `root` would, so that no link in it leads outside."""
    how = _OpenHow(flags | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT | _RESOLVE_NO_MAGICLINKS)
    return _check(_libc.syscall(_OPENAT2, root, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how)), path)


def size_pipe(pipe: int, size: int) -> None:
    """Give a pipe room for `size` bytes, or for as many as this machine lets one have."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, size)
    except PermissionError:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, int(Path("/proc/sys/fs/pipe-max-size").read_text()))


def kernel_log(size: int = 1 << 16) -> str:
    """The last bytes of the kernel's log; OSError for whoever may not read it."""
    buffer = ctypes.create_string_buffer(size)
    count = _check(_libc.klogctl(_SYSLOG_READ_ALL, buffer, size), "klogctl")
    return buffer.raw[:count].decode(errors="replace")


def become_subreaper() -> None:
    """Orphans below this process become its own children, so that it learns how they end."""
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Get `number` when the parent ends; a change of user id clears this, so it is called after that."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0), "prctl")


def no_new_privileges() -> None:
    """No program that this process executes gains anything, setuid or file capabilities or not."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def drop_bounding_set() -> None:
    """Give up the ways back to any capability: the ambient and the bounding set."""
    _check(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl")
    for capability in range(int(Path("/proc/sys/kernel/cap_last_cap").read_text()) + 1):
        _check(_libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0), "prctl")


def clear_capability_sets() -> None:
    """Empty the effective, permitted and inheritable sets."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(header, nothing), "capset")


def user_namespace(inside: int, outside: int, count: int = 65536) -> int:
    """A descriptor of a user namespace that maps `inside`… to `outside`…; nobody lives in it. The caller closes it."""
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            unshare(CLONE_NEWUSER)
            os.write(told, b"x")
            signal.pause()
        finally:
            os._exit(1)
    try:
        os.close(told)
        if not os.read(ready, 1):
            raise OSError("user namespaces are not available")
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{pid}/{name}").write_text(f"{inside} {outside} {count}")
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(ready)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def network_namespace() -> int:
    """A descriptor of a new network namespace that passes nothing on and has no IPv6; nobody lives in it. The caller
    closes it."""
    # a namespace belongs to a thread, so one that ends with this is enough
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_new_network).result()


def _new_network() -> int:
    unshare(CLONE_NEWNET)
    # it begins with the machine's own settings
    for name, value in (("ipv4/ip_forward", "0"), ("ipv6/conf/default/disable_ipv6", "1")):
        file = Path("/proc/sys/net", name)
        if file.exists():
            file.write_text(value)
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
