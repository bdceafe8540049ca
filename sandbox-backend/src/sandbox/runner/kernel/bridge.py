"""Networks of visitors' own: each a bridge in a network namespace where nobody lives, and from which no way leads out.

A visitor's containers that ask for `--network bridge` meet on it, each by an `eth0`. The bridge has no address and
learns nothing, so there is no host to reach on it and no table of it to fill; a namespace that only a descriptor holds
is gone with that, interfaces and all, whoever is killed when. The rates are the kernel's traffic control, which counts
what leaves an interface: so both ends of a container's link have one.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import IO

from sandbox.linux import lacks, namespaces
from sandbox.linux.programs import Program

log = logging.getLogger(__name__)
# Docker's own default, but so small that the machine's one table of neighbours has room for every container's
SUBNET = ipaddress.IPv4Network("172.17.0.0/28")
# the first is the gateway with Docker, and nobody here
ADDRESSES = list(SUBNET.hosts())[1:]
BRIDGE = "docker0"
SECONDS = 5.0
ENVIRONMENT = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL": "C"}
# For whoever names the interface the kernel takes an address that no route leads to for a neighbour's
# (ip_route_output_key_hash_rcu), and looks for it: in the machine's one table. To them there is a way, to the gateway,
# where nobody is; nobody else finds it.
STRAYS = ("rule add pref 40000 oif eth0 lookup 100", f"route add default via {next(SUBNET.hosts())} dev eth0 table 100")
# a neighbour that claims an address outside the subnet is not believed; no second kind of address to look after
_SYSCTLS = {"net.ipv4.conf.all.rp_filter": "1", "net.ipv6.conf.default.disable_ipv6": "1"}


class Member:
    """One container's place on a bridge; its interface once it is attached."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge, self.address = bridge, bridge.take()
        self._attached = self._left = False
        self._port = f"veth{self.address.packed[-1]}"
        # as Docker made them until version 28: a locally administered prefix, then the address
        self._mac = ":".join(f"{byte:02x}" for byte in (0x02, 0x42, *self.address.packed))

    @property
    def sysctls(self) -> dict[str, str]:
        """The kernel settings of a network namespace that gets its interface."""
        return {name: value for name, value in _SYSCTLS.items() if Path("/proc/sys", *name.split(".")[:2]).exists()}

    async def attach(self, pid: int) -> None:
        """Give the network namespace of a process that does not run yet its interface.

        OSError when the machine cannot; with ESRCH or ENOENT when the process has gone.
        """
        container = Path(f"/proc/{pid}/ns/net")
        self._attached = True
        try:
            await self._attach(str(container), pid)
        except OSError:
            await asyncio.to_thread(container.readlink)
            raise

    async def _attach(self, container: str, pid: int) -> None:
        port, bridge = self._port, await self._bridge.namespace()
        await _batch(
            bridge,
            "ip",
            f"link add {port} type veth peer name eth0 address {self._mac} netns {pid}",
            f"link set {port} master {BRIDGE} up",
            f"link set {port} type bridge_slave learning off flood off mcast_flood off",
        )
        await _batch(bridge, "bridge", f"fdb replace {self._mac} dev {port} master static")
        await _batch(bridge, "tc", f"qdisc add dev {port} root {self._bridge.rate}")
        await _batch(container, "tc", f"qdisc add dev eth0 root {self._bridge.rate}")
        address = f"{self.address}/{SUBNET.prefixlen}"
        await _batch(container, "ip", f"addr add {address} brd + dev eth0", "link set eth0 up", *STRAYS)

    async def leave(self) -> None:
        """Take the interface away, also from whoever shares the namespace that it is in, and give the address back;
        once, and to the end whoever is cancelled meanwhile."""
        if not self._left:
            self._left = True
            await asyncio.shield(self._leave())

    async def _leave(self) -> None:
        try:
            if self._attached:
                await _batch(await self._bridge.namespace(), "ip", f"link delete {self._port}")
        except OSError as error:
            # it went with the container, or was never made
            log.debug("%s: %s", self._port, error)
        finally:
            self._bridge.give_back(self.address)


class Bridge:
    """One visitor's, made when the first container is attached; with the last one it is forgotten, and gone."""

    def __init__(self, bits: int, forget: Callable[[], object] = lambda: None) -> None:
        # the queue holds what comes in 200 ms: of one that is soon full, frames have to be sent again
        self.rate = f"tbf rate {bits}bit burst 32kb latency 200ms"
        self._forget = forget
        self._taken: set[ipaddress.IPv4Address] = set()
        self._made: asyncio.Task[int] | None = None

    def take(self) -> ipaddress.IPv4Address:
        """The lowest free address; OSError with EADDRNOTAVAIL when there is none."""
        free = (address for address in ADDRESSES if address not in self._taken)
        address = next(free, None)
        if address is None:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        self._taken.add(address)
        return address

    def give_back(self, address: ipaddress.IPv4Address) -> None:
        """The address is free for the next one."""
        self._taken.remove(address)
        if not self._taken:
            self._forget()
            self.close()

    async def namespace(self) -> str:
        """The path of the network namespace that the bridge is in."""
        if self._made is None or (self._made.done() and self._made.exception()):
            self._made = asyncio.create_task(_new_bridge())
        # others may wait for it, too
        return _path(await asyncio.shield(self._made))

    def close(self) -> None:
        """Let go of the namespace, and so of all that is in it."""
        if self._made:
            self._made.add_done_callback(_let_go)


class Bridges:
    """All bridges of this runner; `bits` a second is what each container sends at most, and receives."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._bridges: dict[str, Bridge] = {}

    @property
    def bytes_per_second(self) -> int:
        return self._bits // 8

    @asynccontextmanager
    async def member(self, host: str) -> AsyncIterator[Member]:
        """A place on the bridge of a visitor's host, left at the end; OSError with EADDRNOTAVAIL when it is full."""
        if host not in self._bridges:
            self._bridges[host] = Bridge(self._bits, partial(self._bridges.pop, host))
        member = Member(self._bridges[host])
        try:
            yield member
        finally:
            await member.leave()


async def usable(bits: int) -> Bridges | None:
    """Networks, if this machine can make one, which is tried. OSError when it lacks something for now."""
    try:
        await tried(bits)
    except OSError as error:
        if lacks.for_now(error):
            raise
        log.warning("runs cannot have a network here: %s", error)
        return None
    return Bridges(bits)


async def tried(bits: int) -> None:
    """Make what a container's network is made of, once; OSError when this machine cannot."""
    bridge = Bridge(bits)
    try:
        namespace = await bridge.namespace()
        await _batch(namespace, "ip", "link add veth1 type veth peer name eth0", f"link set veth1 master {BRIDGE} up")
        await _batch(namespace, "bridge", "link set dev veth1 learning off")
        await _batch(namespace, "tc", f"qdisc add dev eth0 root {bridge.rate}")
        await _batch(
            namespace, "ip", f"addr add {ADDRESSES[0]}/{SUBNET.prefixlen} dev eth0", "link set eth0 up", *STRAYS
        )
    finally:
        bridge.close()


async def _new_bridge() -> int:
    """A descriptor of a new network namespace with a bridge in it."""
    descriptor = await asyncio.to_thread(namespaces.network_namespace)
    try:
        await _batch(_path(descriptor), "ip", f"link add {BRIDGE} up type bridge mcast_snooping 0")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _path(descriptor: int) -> str:
    return f"/proc/{os.getpid()}/fd/{descriptor}"


def _let_go(made: asyncio.Task[int]) -> None:
    if not made.cancelled() and not made.exception():
        os.close(made.result())


async def _batch(namespace: str, program: str, *lines: str) -> None:
    """Have iproute2's `program` carry out the lines in a network namespace; OSError when it says no."""
    with _memory("lines") as told, _memory("said") as said:
        told.write("".join(f"{line}\n" for line in lines).encode())
        told.seek(0)
        argv = ("nsenter", f"--net={namespace}", program, "-batch", "-")
        running = Program(argv, stdin=told, stdout=subprocess.DEVNULL, stderr=said, env=ENVIRONMENT)
        try:
            async with asyncio.timeout(SECONDS):
                code = await running.wait()
        finally:
            await running.end()
        said.seek(0)
        if code:
            raise OSError(errno.EIO, f"{program}: {said.read().decode(errors='replace').strip()}")


def _memory(name: str) -> IO[bytes]:
    """A file in memory, which nothing waits for."""
    return os.fdopen(os.memfd_create(name), "w+b", buffering=0)
