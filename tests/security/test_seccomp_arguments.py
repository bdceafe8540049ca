"""Calls that the compiled filter allows for some values of their arguments, made with the others."""

from __future__ import annotations

import errno

import pytest

from support.filtered import Call, errors_of

SOCKET, SOCKETPAIR, SETSOCKOPT, PRCTL, IOCTL, MMAP, MADVISE = 41, 53, 54, 157, 16, 9, 28
PIPE2, SETPRIORITY, SCHED_SETPARAM, SCHED_SETSCHEDULER, IOPRIO_SET = 293, 141, 142, 144, 251
SHMGET, FADVISE, MEMFD_CREATE, FCNTL, SCHED_SETAFFINITY, GETSOCKOPT, CLONE = 29, 221, 319, 72, 203, 55, 56
# above what the kernel takes of an int
HIGH = 1 << 32
# no such descriptor: the kernel itself would say EBADF
NONE = -1
IP, SOCKETS, TCP, UDP, IPV6, NETLINK = 0, 1, 6, 17, 41, 270

pytestmark = pytest.mark.x86_64

# what is asked for, the errno that the filter answers, and the calls
REFUSED: dict[str, tuple[int, list[Call]]] = {
    "a pair of another family": (errno.EPERM, [[SOCKETPAIR, family, 1] for family in (2, 10, 16, 17, 30, 38, 40)]),
    "a protocol that loads a module": (
        errno.EPERM,
        [[SOCKET, family, kind, other] for family in (2, 10) for kind in (1, 2, 5) for other in (99, 132, 136, 262)],
    ),
    "a raw socket that is not for echoes": (
        errno.EPERM,
        [*([SOCKET, 2, 3, other] for other in (0, 2, 4, 6, 17, 58, 255)), [SOCKET, 10, 3, 1], [SOCKET, 10, 3, 255]],
    ),
    "an old name of a packet socket": (errno.EPERM, [[SOCKET, 2, 10, 0x300], [SOCKET, 2, 10 | 0o4000, 0x300]]),
    "half of a processor for oneself": (errno.EPERM, [[PRCTL, 62, 1], [PRCTL, HIGH + 62, 1]]),
    "memory merged with others'": (errno.EPERM, [[PRCTL, 67, 1]]),
    "a wish that is newer than the list": (errno.EPERM, [[PRCTL, 77, 2], [PRCTL, 78, 2], [PRCTL, 79]]),
    "pages merged with others'": (errno.EINVAL, [[MADVISE, 0, 0, 12], [MADVISE, 0, 0, HIGH + 12]]),
    "a page moved out": (errno.EINVAL, [[MADVISE, 0, 0, 21]]),
    "a name of an area": (errno.EINVAL, [[PRCTL, 0x53564D41, 0, 0, 0, 0], [PRCTL, HIGH + 0x53564D41, 0]]),
    "a pipe of notifications": (errno.ENOPKG, [[PIPE2, 0, 0x80], [PIPE2, 0, 0x80880], [PIPE2, 0, HIGH + 0x80]]),
    "a line discipline": (errno.EPERM, [[IOCTL, NONE, 0x5423], [IOCTL, NONE, HIGH + 0x5423]]),
    "a bridge or a VLAN": (
        errno.EPERM,
        [[IOCTL, NONE, call] for call in (0x8940, 0x8941, 0x8982, 0x8983, 0x89A0, 0x89A1, 0x89A2, 0x89A3)],
    ),
    "how a network card is": (errno.EOPNOTSUPP, [[IOCTL, NONE, 0x8946], [IOCTL, NONE, HIGH + 0x8946]]),
    "the groups of netlink": (errno.EPERM, [[GETSOCKOPT, NONE, level, 9] for level in (NETLINK, HIGH + NETLINK)]),
    "huge pages": (errno.ENOMEM, [[MMAP, 0, 2 << 20, 1, 0x44022, NONE], [MMAP, 0, 2 << 20, 1, HIGH + 0x44022, NONE]]),
    "a file of huge pages": (errno.ENOMEM, [[MEMFD_CREATE, 0, 4], [MEMFD_CREATE, 0, 5]]),
    "a segment of huge pages": (errno.ENOMEM, [[SHMGET, 0, 0, 0o5600]]),
    "a group of IP": (errno.ENODEV, [[SETSOCKOPT, NONE, IP, option] for option in range(35, 49)]),
    "a group of IPv6": (errno.ENODEV, [[SETSOCKOPT, NONE, IPV6, option] for option in (20, 21, *range(42, 49))]),
    "the filter of a group": (errno.EADDRNOTAVAIL, [[GETSOCKOPT, NONE, IP, 41], [GETSOCKOPT, NONE, IPV6, 48]]),
    "the form of addresses": (errno.EPERM, [[SETSOCKOPT, NONE, IPV6, 1]]),
    "headers of IPv6": (errno.EPERM, [[SETSOCKOPT, NONE, IPV6, option] for option in (6, 54, 55, 57, 59)]),
    "a flow label": (errno.EPERM, [[SETSOCKOPT, NONE, IPV6, 32], [SETSOCKOPT, NONE, HIGH + IPV6, HIGH + 32]]),
    "a key of TCP": (errno.EPERM, [[SETSOCKOPT, NONE, TCP, option] for option in (14, 32, 33, 38, 39, 40)]),
    "a protocol on top of TCP": (errno.EPERM, [[SETSOCKOPT, NONE, TCP, 31]]),
    "a protocol inside UDP": (errno.EPERM, [[SETSOCKOPT, NONE, UDP, 100]]),
    "a filter of a socket": (errno.EPERM, [[SETSOCKOPT, NONE, SOCKETS, option] for option in (26, 50, 51, 52)]),
    "a table of the network": (errno.EPERM, [[SETSOCKOPT, NONE, IP, 64], [SETSOCKOPT, NONE, IP, 200]]),
    "all that netlink says": (errno.EPERM, [[SETSOCKOPT, NONE, NETLINK, 8]]),
    "an option of no protocol here": (errno.EPERM, [[SETSOCKOPT, NONE, level, 1] for level in (132, 136, 263)]),
    "signals for a descriptor": (errno.EPERM, [[FCNTL, NONE, 4, 0o20000], [FCNTL, NONE, HIGH + 4, 0o24000]]),
    "a child of one's own parent": (errno.EPERM, [[CLONE, 0x8011], [CLONE, 0x8000]]),
    "a lock of an open file": (errno.EPERM, [[FCNTL, NONE, command] for command in (36, 37, 38)]),
}  # fmt: skip
# the kernel would say EBADF, and the filter says that all is well
UNHEEDED: list[Call] = [
    *([SETSOCKOPT, NONE, SOCKETS, option] for option in (7, 8)),
    *([SETSOCKOPT, NONE, TCP, option] for option in (8, 18)),
    *([FCNTL, NONE, command] for command in (6, 7)),
    [FADVISE, NONE, 0, 0, 4],
    [IOCTL, NONE, 0x5452],
    # no such memory: the kernel would say EFAULT
    [SCHED_SETAFFINITY, 0, 8, 1],
    # no such kind, and nothing that is wished for: it would say EINVAL
    *([call, 9, 0, 0] for call in (SETPRIORITY, SCHED_SETPARAM, SCHED_SETSCHEDULER, IOPRIO_SET)),
]
# what programs do: they get as far as the kernel, which has no such descriptor
USUAL: list[Call] = [
    *([SETSOCKOPT, NONE, SOCKETS, option] for option in (2, 3, 6, 9, 13, 15, 18, 20, 21, 25, 29)),
    *([SETSOCKOPT, NONE, IP, option] for option in (1, 2, 8, 10, 11, 24, 32, 33, 34, 49)),
    *([GETSOCKOPT, NONE, level, option] for level in (SOCKETS, IP, TCP, IPV6) for option in (1, 4, 9, 11, 23, 49, 80)),
    *([SETSOCKOPT, NONE, IPV6, option] for option in (16, 18, 25, 26, 49, 50, 67)),
    *([SETSOCKOPT, NONE, TCP, option] for option in (1, 2, 3, 4, 5, 6, 9, 12, 13, 17, 23, 25, 30)),
    *([SETSOCKOPT, NONE, UDP, option] for option in (1, 103, 104)),
    *([SETSOCKOPT, NONE, NETLINK, option] for option in (1, 11, 12)),
    *([IOCTL, NONE, request] for request in (0x5401, 0x5413, 0x5421, 0x541B, 0x8912, 0x5422, 0x5424)),
    *([FCNTL, NONE, command] for command in (1, 2, 3, 4, 5, 1030, 1031, 1033)),
    [FCNTL, NONE, 4, 0o4000],
    *([FADVISE, NONE, 0, 0, advice] for advice in (0, 1, 2, 3)),
]
SOCKETS_OF_PROGRAMS: list[Call] = [
    *([SOCKET, 1, kind] for kind in (1, 2, 5)),
    *([SOCKET, domain, kind, protocol] for domain in (2, 10) for kind, protocol in ((1, 0), (1, 6), (2, 0), (2, 17))),
    [SOCKET, 2, 1 | 0o2000000 | 0o4000, 6],
    [SOCKET, 2, 3, 1],
    [SOCKET, 10, 3, 58],
    [SOCKET, 16, 3, 0],
]


@pytest.fixture(scope="module")
def compiled() -> str:
    from sandbox.runner.kernel import seccomp

    return seccomp.compiled()


@pytest.mark.parametrize("wish", REFUSED)
def test_a_wish_that_no_limit_bounds_is_refused(compiled: str, wish: str) -> None:
    error, calls = REFUSED[wish]
    assert errors_of(compiled, *calls) == [error] * len(calls)


def test_a_list_of_network_cards_is_not_for_whoever_has_a_slow_disk(compiled: str) -> None:
    from sandbox.runner.kernel import seccomp

    wish, other = [IOCTL, NONE, 0x8912], [IOCTL, NONE, 0x8913]
    assert errors_of(compiled, wish, other) == [errno.EBADF] * 2
    assert errors_of(seccomp.compiled(slow=True), wish, other) == [errno.EPERM, errno.EBADF]


def test_a_wish_that_does_no_harm_if_it_is_forgotten_is(compiled: str) -> None:
    assert errors_of(compiled, *UNHEEDED) == [0] * len(UNHEEDED)


def test_what_programs_ask_for_reaches_the_kernel(compiled: str) -> None:
    assert errors_of(compiled, *USUAL) == [errno.EBADF] * len(USUAL)


def test_the_sockets_that_programs_have_are_there(compiled: str) -> None:
    assert errors_of(compiled, *SOCKETS_OF_PROGRAMS) == [0] * len(SOCKETS_OF_PROGRAMS)


def test_ordinary_pipes_are_there(compiled: str) -> None:
    # the kernel would write their numbers there
    assert errors_of(compiled, [PIPE2, 0, 0], [PIPE2, 0, 0o2004000]) == [errno.EFAULT] * 2


def test_ordinary_memory_is_there(compiled: str) -> None:
    calls = [[MMAP, 0, 4096, 3, 0x22, NONE], [MADVISE, 0, 0, 4], [MADVISE, 0, 0, 14], [SHMGET, 0, 4096, 0o1600]]
    assert errors_of(compiled, *calls) == [0] * len(calls)
