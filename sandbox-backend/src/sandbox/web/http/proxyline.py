"""Parses the first line of a connection that a proxy passes on: PROXY protocol version 1.

It says whose connection it is, before the first byte of HTTP (HAProxy's `proxy-protocol.txt`).
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address

MOST_BYTES = 107
END = b"\r\n"
PORT = "(0|[1-9][0-9]{0,4})"
# a zone ("%eth0") belongs to one machine alone, and the protocol has none
KNOWN = re.compile(f"PROXY (TCP4|TCP6) ([^ %]+) ([^ %]+) {PORT} {PORT}")
UNKNOWN = re.compile("PROXY UNKNOWN( .*)?")
Address = tuple[str, int]


class ProxyLine:
    """Takes bytes until the line has ended. `client` and `server` are then the two ends of the connection that the
    proxy took; None where it says UNKNOWN, because then nobody vouches for an address."""

    def __init__(self) -> None:
        self.client: Address | None = None
        self.server: Address | None = None
        self._got = b""

    def feed(self, data: bytes) -> bytes | None:
        """Return what follows the line, None while it has not ended. ValueError when it is not such a line."""
        self._got += data
        end = self._got.find(END, 0, MOST_BYTES)
        if end < 0 and len(self._got) >= MOST_BYTES:
            raise ValueError("the line is too long")
        if end < 0:
            return None
        self._read(self._got[:end].decode("ascii"))
        return self._got[end + len(END) :]

    def _read(self, line: str) -> None:
        if UNKNOWN.fullmatch(line):
            return
        found = KNOWN.fullmatch(line)
        if found is None:
            raise ValueError("not a PROXY line")
        kind = IPv4Address if found[1] == "TCP4" else IPv6Address
        self.client = str(kind(found[2])), _port(found[4])
        self.server = str(kind(found[3])), _port(found[5])


def _port(digits: str) -> int:
    if int(digits) > 65535:
        raise ValueError("no such port")
    return int(digits)
