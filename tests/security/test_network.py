"""What a hostile container does to its network stays in it, and fills no table of the machine's.

It may send whatever frames it likes (CAP_NET_RAW is among Docker's defaults), so the tests send them themselves, from
within its network namespace.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.backend import Backend
from support.client import Event, new_host, run
from support.running_container import running_container

pytestmark = pytest.mark.container
FRAMES = 3000
# frames to everybody, each from another sender: an ARP question about 172.17.0.2 from any address
FLOOD = f"""
import socket
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("eth0", 0))
for number in range({FRAMES}):
    mac = b"\\x02\\x00" + number.to_bytes(4, "big")
    asker = bytes([172, 17, 1 + number // 200, number % 200])
    arp = b"\\x00\\x01\\x08\\x00\\x06\\x04\\x00\\x01" + mac + asker + bytes(6) + bytes([172, 17, 0, 2])
    try:
        link.send(b"\\xff" * 6 + mac + b"\\x08\\x06" + arp + bytes(18))
    except OSError:
        pass
"""
# what a network namespace calls that of a process which a link leads to, or -1: RTM_GETNSID (linux/net_namespace.h),
# as the numbers of the interfaces are the same in every visitor's
NUMBER = """
import socket, struct, sys
link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
link.send(struct.pack("=IHHII4xHHI", 28, 90, 1, 0, 0, 8, 2, int(sys.argv[1])))
print(*struct.unpack_from("=i", link.recv(4096), 24))
"""


def inside(network: Path | int, *argv: str) -> str:
    path = network if isinstance(network, Path) else Path(f"/proc/{network}/ns/net")
    return subprocess.run(["nsenter", f"--net={path}", *argv], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def pair(backend: Backend) -> Iterator[tuple[int, int]]:
    """The pids of two containers on one bridge; the first has the address 172.17.0.2."""
    host = new_host(backend.url)
    run(backend.url, "docker run alpine true", host)
    pids: list[int] = []

    def note(event: Event) -> None:
        if event["type"] == "started":
            pids.append(event["pid"])

    with (
        running_container(backend.url, host, "--network bridge", name="one", each=note),
        running_container(backend.url, host, "--network bridge", name="two", each=note),
    ):
        yield pids[0], pids[1]


def packets(container: int, way: str) -> int:
    """How many frames have gone through the container's eth0: `rx` in, `tx` out."""
    (card,) = json.loads(inside(container, "ip", "-json", "-statistics", "link", "show", "eth0"))
    return int(card["stats64"][way]["packets"])


def bridge_of(backend: Backend, container: int) -> Path:
    """The namespace that the other end of the container's link is in."""
    for descriptor in Path(f"/proc/{backend.pid_of('runner')}/fd").iterdir():
        if str(descriptor.readlink()).startswith("net:"):
            number = int(inside(descriptor, sys.executable, "-c", NUMBER, str(container)))
            if number in (link.get("link_netnsid") for link in json.loads(inside(descriptor, "ip", "-json", "link"))):
                return descriptor
    raise AssertionError(f"no bridge for {container}")


def test_false_neighbours_fill_no_table_of_the_machine(backend: Backend, pair: tuple[int, int]) -> None:
    victim, attacker = pair
    bridge = bridge_of(backend, victim)
    before, sent = len(inside(bridge, "bridge", "fdb").splitlines()), packets(attacker, "tx")
    inside(attacker, sys.executable, "-c", FLOOD)
    assert packets(attacker, "tx") - sent > 0.9 * FRAMES
    assert len(inside(victim, "ip", "neighbour").splitlines()) <= 13
    assert len(inside(bridge, "bridge", "fdb").splitlines()) == before
    assert inside(bridge, "ip", "neighbour") == ""


def test_the_bridge_has_no_address_and_passes_nothing_on(backend: Backend, pair: tuple[int, int]) -> None:
    bridge = bridge_of(backend, pair[0])
    assert "inet" not in inside(bridge, "ip", "address")
    assert inside(bridge, "ip", "route") == ""
    assert inside(bridge, "cat", "/proc/sys/net/ipv4/ip_forward") == "0\n"
    devices = {line.split(":")[1].split("@")[0].strip() for line in inside(bridge, "ip", "-o", "link").splitlines()}
    assert devices == {"lo", "docker0", "veth2", "veth3"}


def test_a_container_has_no_second_kind_of_address(pair: tuple[int, int]) -> None:
    assert "inet6" not in inside(pair[0], "ip", "address", "show", "eth0")


def test_the_rate_is_not_the_containers_to_change(backend: Backend) -> None:
    host = new_host(backend.url)
    script = "ip link set eth0 down; ip addr add 10.0.0.1/8 dev eth0; ip route add default via 172.17.0.1"
    result = run(backend.url, f"docker run --network bridge alpine sh -c '{script}'", host)
    assert result.stderr.lower().count("operation not permitted") == 3, result.stderr


def test_frames_to_an_unknown_card_are_not_spread(backend: Backend, pair: tuple[int, int]) -> None:
    victim, attacker = pair
    stray = """
import socket
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("eth0", 0))
for _ in range(200):
    link.send(bytes([2, 0, 0, 0, 0, 9]) + bytes([2, 0, 0, 0, 0, 8]) + b"\\x88\\xb5" + bytes(60))
"""

    before = packets(victim, "rx")
    inside(attacker, sys.executable, "-c", stray)
    assert packets(victim, "rx") - before < 20
