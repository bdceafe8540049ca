"""What no limit counts: how it is read of the machine, of a network, and of a run that may hold it."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import pytest

from sandbox.linux import processes, shared
from sandbox.runner.container import suspicion, watch
from sandbox.runner.container.watch import MOST_SOCKETS, MOST_UNCOUNTED
from support import pace

MEMINFO = """\
MemTotal:        1000 kB
MemFree:          400 kB
MemAvailable:     700 kB
Buffers:           10 kB
Cached:            90 kB
SwapCached:         0 kB
AnonPages:        100 kB
SReclaimable:      50 kB
SUnreclaim:        30 kB
"""
ZONEINFO = """\
  pagesets
    cpu: 0
              count:    7
              high:     61
    cpu: 1
              count:    3
  start_pfn:           1
"""
SOCKSTAT = "sockets: used {used}\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 0\nUDP: inuse 0 mem 0\n"
PROTOCOLS = (
    "protocol  size sockets  memory press maxhdr\nPING 9 {pings} -1 NI 0 no kernel\nUNIX 9 500 -1 NI 0 yes kernel\n"
)


def test_the_kernels_memory_is_what_nobody_else_has(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text(MEMINFO)
    (tmp_path / "zoneinfo").write_text(ZONEINFO)
    # 350 KiB without what is free, cached or a program's; 40 KiB of that are kept at hand
    assert shared.kernel_bytes(tmp_path, tmp_path) == (350 - 40) * 1024


def test_the_kernels_memory_is_without_caches_that_it_does_not_show_as_such(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text(MEMINFO + "Zswap:  7 kB\nHugetlb:  5 kB\n")
    (tmp_path / "zoneinfo").write_text("")
    (tmp_path / "spl/kstat/zfs").mkdir(parents=True)
    (tmp_path / "spl/kstat/zfs/arcstats").write_text(
        "name type data\nhits 4 9\nsize                            4    2048\n"
    )
    (tmp_path / "block/zram0").mkdir(parents=True)
    (tmp_path / "block/zram0/mm_stat").write_text("  9 8 1024 0 9 0 0 0 0\n")
    assert shared.kernel_bytes(tmp_path, tmp_path) == (350 - 7 - 5 - 2 - 1) * 1024


def test_files_are_those_that_are_open(tmp_path: Path) -> None:
    (tmp_path / "sys/fs").mkdir(parents=True)
    (tmp_path / "sys/fs/file-nr").write_text("120\t20\t1000\n")
    assert shared.open_files(tmp_path) == (100, 1000)


def test_who_waits_by_epoll_is_counted_where_the_kernel_does(tmp_path: Path) -> None:
    (tmp_path / "slabinfo").write_text("# name <active_objs>\neventpoll_pwq 9 9 72\neventpoll_epi   120  160  128\n")
    assert shared.watched_by_epoll(tmp_path) == 120
    (tmp_path / "slabinfo").write_text("# name <active_objs>\n")
    with pytest.raises(ValueError, match="not enough values"):
        shared.watched_by_epoll(tmp_path)


def test_the_share_of_sockets_is_that_of_the_fuller_protocol(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "sys/net/ipv4").mkdir(parents=True)
    (tmp_path / "net/sockstat").write_text(
        "sockets: used 9\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 10\nUDP: inuse 0 mem 30\nUDPLITE: inuse 0\n"
    )
    (tmp_path / "sys/net/ipv4/tcp_mem").write_text("10\t20\t40\n")
    (tmp_path / "sys/net/ipv4/udp_mem").write_text("10\t20\t40\n")
    assert shared.share_of_sockets(tmp_path) == (0.75, 40 * resource.getpagesize())


@pytest.mark.parametrize(
    ("used", "pings", "too_many"),
    [
        (MOST_UNCOUNTED, 0, False),
        (MOST_SOCKETS, MOST_UNCOUNTED, False),
        (MOST_SOCKETS, MOST_UNCOUNTED + 1, True),
        (MOST_SOCKETS + 1, 0, True),
    ],
)
def test_sockets_are_too_many_in_all_or_of_those_that_nothing_counts(
    tmp_path: Path, used: int, pings: int, too_many: bool
) -> None:
    with closing(network_in(tmp_path, used, pings)) as network:
        assert watch._too_many_sockets(network) is too_many


def network_in(proc: Path, used: int, pings: int = 0) -> suspicion.Network:
    (proc / "7/net").mkdir(parents=True)
    (proc / "7/net/sockstat").write_text(SOCKSTAT.format(used=used))
    (proc / "7/net/protocols").write_text(PROTOCOLS.format(pings=pings))
    return suspicion.Network(7, proc)


# its first thread ends when it is told to, and another one keeps nine sockets
TWO_THREADS = """
import ctypes, socket, threading, time
def keep():
    sockets = [socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) for _ in range(9)]
    print(flush=True)
    time.sleep(99)
threading.Thread(target=keep).start()
input()
ctypes.CDLL(None).syscall(ctypes.c_long(60), ctypes.c_long(0))
"""


@pytest.mark.root
@pytest.mark.x86_64
def test_a_network_is_counted_when_the_first_thread_of_its_process_has_gone() -> None:
    words = ["unshare", "--net", sys.executable, "-c", TWO_THREADS]
    with subprocess.Popen(words, stdin=PIPE, stdout=PIPE) as process:
        try:
            assert process.stdin
            assert process.stdout
            process.stdout.readline()
            with closing(suspicion.Network(process.pid)) as network:
                process.stdin.write(b"\n")
                process.stdin.flush()
                deadline = time.monotonic() + pace.seconds(5)
                while Path(f"/proc/{process.pid}/net/sockstat").exists() and time.monotonic() < deadline:
                    time.sleep(0.01)
                assert not Path(f"/proc/{process.pid}/net/sockstat").exists()
                assert network.sockets() >= 9
                assert network.of({"NETLINK"}) >= 9
        finally:
            process.kill()


def test_what_a_run_could_hold_is_told_by_its_sockets_and_the_folders_that_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "share_descriptors", lambda one, other: {one, other} == {7, 8})
    (tmp_path / "read").mkdir()
    (tmp_path / "other").mkdir()
    with closing(network_in(tmp_path, used=3)) as network:
        # the second thread has the descriptors of the first, and the third its own
        for thread, folder in (("7/task/7", "read"), ("7/task/8", "read"), ("7/task/9", "other"), ("8/task/1", "read")):
            (tmp_path / thread / "fd").mkdir(parents=True)
            (tmp_path / thread / "fd/3").symlink_to(tmp_path / folder)
            (tmp_path / thread / "fd/4").symlink_to(tmp_path / "7/net/sockstat")
            (tmp_path / thread / "fd/5").symlink_to(tmp_path / "nothing")
        lists = 3 * (tmp_path / "read").stat().st_size * suspicion.BYTES_OF_A_LIST
        assert suspicion.could_hold(network, [7, 8, 9], tmp_path) == 3 * suspicion.SOCKET_BYTES + lists
        assert suspicion.could_hold(None, [], tmp_path) == 0


def test_threads_share_their_descriptors_and_processes_do_not() -> None:
    own, ready = threading.get_native_id(), threading.Event()
    numbers: list[int] = []

    def note() -> None:
        numbers.append(threading.get_native_id())
        ready.wait()

    thread = threading.Thread(target=note)
    thread.start()
    try:
        while not numbers:
            time.sleep(0.001)
        assert processes.share_descriptors(own, numbers[0])
        assert not processes.share_descriptors(own, 1)
    finally:
        ready.set()
        thread.join()


def test_of_very_many_descriptors_some_are_looked_at_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspicion, "MOST_FILES", 2)
    (tmp_path / "7/task/7/fd").mkdir(parents=True)
    (tmp_path / "read").mkdir()
    for number in range(6):
        (tmp_path / f"7/task/7/fd/{number}").symlink_to(tmp_path / "read")
    one = (tmp_path / "read").stat().st_size * suspicion.BYTES_OF_A_LIST
    assert suspicion.could_hold(None, [7], tmp_path) == 6 * one


def test_descriptors_on_their_way_are_seen_until_they_have_come() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert not suspicion.sends([os.getpid()])
        socket.send_fds(one, [b"x"], [one.fileno()])
        assert suspicion.sends([os.getpid()])
        _, got, _, _ = socket.recv_fds(other, 1, 1)
        assert not suspicion.sends([os.getpid()])
        os.close(got[0])
