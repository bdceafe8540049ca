"""Reads and writes hosts as text: a socket, a URL and a Host header write the same one differently."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# RFC 1123 and the underscore that some machines' names have; an IPv6 address stands in brackets
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?|\[([0-9a-f:.]{2,45})\])(?::([0-9]{1,5}))?", re.I)

# a source of a Content-Security-Policy that names hosts: a scheme, and all names below one or a name alone
_SOURCE = re.compile(r"https?://(?:\*\.)?(.*)", re.I)


def plain(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a socket writes as `text`, None when it is none.

    It is without a zone, and IPv4 where it was only wrapped in IPv6.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def visitor(text: str) -> str:
    """Return who is counted for what comes from the address `text`: the IPv4 address, or the first 64 bits of an IPv6
    address, as whoever has one of them has them all (RFC 4291, 2.5.4). Neighbours on a link share those bits of their
    link-local addresses, so these count each for itself."""
    address = plain(text)
    if not isinstance(address, IPv6Address) or address.is_link_local:
        return text if address is None else str(address)
    return str(IPv6Network((address, 64), strict=False))


def is_wildcard(text: str) -> bool:
    """Return whether `text` stands for every address of the machine."""
    address = plain(text)
    return address is not None and address.is_unspecified


def bracketed(host: str) -> str:
    """Return a name or address as it stands in a URL and in a Host header."""
    return f"[{host}]" if ":" in host else host


def is_host(text: str) -> bool:
    """Return whether `text` is a name or an address, with a port or without, as a Host header has it."""
    found = _HOST.fullmatch(text)
    if found is None or int(found[2] or 1) not in range(1, 65536):
        return False
    return found[1] is None or isinstance(plain(found[1]), IPv4Address | IPv6Address)


def is_source(text: str) -> bool:
    """Return whether `text` is an origin, or `https://*.` and a name, as a Content-Security-Policy has them."""
    found = _SOURCE.fullmatch(text)
    return found is not None and is_host(found[1])
