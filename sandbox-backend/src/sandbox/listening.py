"""Opens the socket that readers reach the site by, where HOST and PORT say, and prints its addresses that work."""

from __future__ import annotations

import errno
import json
import resource
import socket
import subprocess
from collections.abc import Iterator

from sandbox.model import addresses
from sandbox.settings import Settings

BACKLOG = 512
IP_SECONDS = 5.0
# an address that is on its way in or out does not work, or not for long
PASSING = {"deprecated", "tentative", "dadfailed"}
SCOPES = ("host", "global")
LOOPBACK = [("inet", "127.0.0.1"), ("inet6", "::1")]
ANOTHER_PORT = "예: PORT=8080"


class CannotListen(Exception):
    """The socket cannot be opened; the text says why and what to do, in Korean."""


def open_listener(settings: Settings) -> socket.socket:
    """A listening TCP socket on `settings.listen` and `settings.port`. On `::` it takes IPv4, too. CannotListen."""
    family, address = _resolved(settings)
    dual = family == socket.AF_INET6 and addresses.is_wildcard(address[0]) and socket.has_dualstack_ipv6()
    try:
        return socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=dual)
    except OSError as error:
        raise CannotListen(_advice(error, settings)) from error


def allow_descriptors() -> None:
    """Let this process, and those that it starts, have as many descriptors as they may: each connection and each run
    needs one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def urls(listener: socket.socket, host: str) -> list[str]:
    """The addresses that `listener`, opened for `host`, is reached at; loopback first."""
    bound, port = listener.getsockname()[:2]
    names = list(_names(listener)) if addresses.is_wildcard(bound) else [host]
    return [f"http://{addresses.bracketed(name)}:{port}" for name in names]


def announce(listener: socket.socket, host: str) -> None:
    """Print that the site can be read, and where."""
    first, *others = urls(listener, host)
    print(f"{first}  준비됐어요. 끝내려면 Ctrl-C를 누르세요.", *others, sep="\n", flush=True)


def _resolved(settings: Settings) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(settings.listen, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise CannotListen(
            f"{settings.listen}: 그런 이름이나 주소를 찾지 못했어요. "
            f"HOST에는 이 컴퓨터의 주소만, 포트는 PORT에 적어요. {_choices()}"
        ) from error
    # of a name like localhost the IPv4 address, which every tool tries
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, address  # type: ignore[return-value]  # the addresses of IP, whose first two fields these are


def _names(listener: socket.socket) -> Iterator[str]:
    """What a wildcard stands for on this machine."""
    six = listener.family == socket.AF_INET6
    four = not six or not listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    families = ["inet"] * four + ["inet6"] * six
    yield from (address for family, address in own_addresses() if family in families)


def own_addresses() -> list[tuple[str, str]]:
    """This machine's addresses, loopback first, each with its family as ip(8) names it; without ip(8) loopback's alone.
    Link-local ones are left out, because browsers cannot write them."""
    try:
        said = subprocess.run(
            ["ip", "-json", "address", "show", "up"], capture_output=True, timeout=IP_SECONDS, check=True
        ).stdout
        found = [one for link in json.loads(said) for one in link.get("addr_info", ())]
    except (OSError, subprocess.SubprocessError, ValueError):
        return LOOPBACK
    lasting = [one for one in found if one["scope"] in SCOPES and not PASSING & set(one)]
    return [(one["family"], one["local"]) for scope in SCOPES for one in lasting if one["scope"] == scope]


def _advice(error: OSError, settings: Settings) -> str:
    where = f"{addresses.bracketed(settings.listen)}:{settings.port}"
    match error.errno:
        case errno.EADDRINUSE:
            return f"{where}: 다른 프로그램이 쓰고 있는 포트예요. 다른 포트를 골라 주세요. {ANOTHER_PORT}"
        case errno.EADDRNOTAVAIL:
            return f"{where}: 이 컴퓨터에 없는 주소예요. {_choices()}"
        case errno.EACCES | errno.EPERM:
            return f"{where}: 1024보다 작은 포트를 열 권한이 없어요. 더 큰 포트를 골라 주세요. {ANOTHER_PORT}"
        case errno.EAFNOSUPPORT:
            return f"{where}: 이 컴퓨터에서는 IPv6이 꺼져 있어요. HOST=0.0.0.0이나 HOST=127.0.0.1을 써 주세요."
    return f"{where}: 여기서 기다릴 수 없어요: {error.strerror}"


def _choices() -> str:
    own = ", ".join(address for _, address in own_addresses())
    return f"쓸 수 있는 주소: {own}. 모두 열려면 HOST=0.0.0.0을 써요."
