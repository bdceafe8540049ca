"""The line that a proxy puts before a connection: what is read from it, and what is no such line."""

from __future__ import annotations

import pytest

from sandbox.web.http.proxyline import MOST_BYTES, ProxyLine

FOUR = b"PROXY TCP4 203.0.113.9 192.0.2.7 51234 8000\r\n"
LONGEST_SIX = "PROXY TCP6 " + " ".join(["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"] * 2) + " 65535 65535\r\n"


def test_both_ends_of_the_connection_are_read() -> None:
    line = ProxyLine()
    assert line.feed(FOUR) == b""
    assert (line.client, line.server) == (("203.0.113.9", 51234), ("192.0.2.7", 8000))


def test_an_ipv6_address_is_read_in_its_shortest_form() -> None:
    line = ProxyLine()
    assert line.feed(b"PROXY TCP6 2001:DB8:0:0::9 ::1 1 2\r\nrest") == b"rest"
    assert (line.client, line.server) == (("2001:db8::9", 1), ("::1", 2))


@pytest.mark.parametrize("text", [b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"])
def test_an_unknown_connection_is_nobodys(text: bytes) -> None:
    line = ProxyLine()
    assert line.feed(text + b"GET") == b"GET"
    assert (line.client, line.server) == (None, None)


@pytest.mark.parametrize("text", [FOUR, LONGEST_SIX.encode(), b"PROXY UNKNOWN" + b" " * 92 + b"\r\n"])
def test_it_may_come_in_single_bytes(text: bytes) -> None:
    line = ProxyLine()
    assert [line.feed(bytes([one])) for one in text[:-1]] == [None] * (len(text) - 1)
    assert line.feed(b"\nGET / HTTP/1.1\r\n") == b"GET / HTTP/1.1\r\n"


@pytest.mark.parametrize(
    "text",
    [
        b"GET / HTTP/1.1\r\n",
        b"\r\n",
        b"proxy TCP4 203.0.113.9 192.0.2.7 1 2\r\n",
        b"PROXY TCP4 203.0.113.9 192.0.2.7 1\r\n",
        b"PROXY TCP4 203.0.113.9 192.0.2.7 1 2 3\r\n",
        b"PROXY  TCP4 203.0.113.9 192.0.2.7 1 2\r\n",
        b"PROXY TCP4 203.0.113.9 192.0.2.7 1 65536\r\n",
        b"PROXY TCP4 203.0.113.9 192.0.2.7 01 2\r\n",
        b"PROXY TCP4 203.0.113.9 192.0.2.7 -1 2\r\n",
        b"PROXY TCP4 203.0.113.999 192.0.2.7 1 2\r\n",
        b"PROXY TCP4 2001:db8::9 ::1 1 2\r\n",
        b"PROXY TCP6 203.0.113.9 192.0.2.7 1 2\r\n",
        b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
        b"PROXY TCP4 localhost 192.0.2.7 1 2\r\n",
        b"PROXY UDP4 203.0.113.9 192.0.2.7 1 2\r\n",
        b"PROXY UNKNOWNS\r\n",
        b"PROXY UNKNOWN \n\r\n",
        "PROXY TCP4 203.0.113.9 192.0.2.7 1 \u0662\r\n".encode(),
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c",
        b"PROXY UNKNOWN" + b" " * 93 + b"\r\n",
        b"x" * MOST_BYTES,
    ],
)
def test_anything_else_is_no_such_line(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        ProxyLine().feed(text)
