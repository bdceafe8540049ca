"""Behind a wildcard each address of the machine is answered under its own name, and no name of another."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.listening import own_addresses
from sandbox.model.addresses import bracketed
from security.raw_requests import everything
from security.test_proxy_protocol import get, line
from support.web_server import Web, serving


@pytest.fixture(scope="module", params=["0.0.0.0", "::"])
def reachable(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Web, str]]:
    with serving(tmp_path_factory.mktemp("web"), listen=request.param) as web:
        yield web, request.param


def status(address: str, web: Web, host: str, origin: str = "") -> int:
    with closing(http.client.HTTPConnection(address, web.port, timeout=20)) as connection:
        headers = {"Host": host, **({"Origin": origin} if origin else {})}
        connection.request("GET", "/v1/health", headers=headers)
        return connection.getresponse().status


def test_each_address_is_answered_by_its_own_name(reachable: tuple[Web, str]) -> None:
    web, wildcard = reachable
    for family, address in own_addresses():
        if family == "inet" or wildcard == "::":
            host = f"{bracketed(address)}:{web.port}"
            assert status(address, web, host) == 200
            assert status(address, web, host, origin=f"http://{host}") == 200
            assert status(address, web, host, origin=f"http://evil.example:{web.port}") == 403


def test_no_name_of_another_is_answered(reachable: tuple[Web, str]) -> None:
    web, wildcard = reachable
    others = ["evil.example", "0.0.0.0", "[::]", "198.51.100.9", "[2001:db8::9]", "127.0.0.1.evil.example", "127.1"]
    for family, address in own_addresses():
        if family == "inet" or wildcard == "::":
            for other in others:
                assert status(address, web, f"{other}:{web.port}") == 421, (address, other)
            assert status(address, web, f"{bracketed(address)}:1") == 421
    # what is another's end of the connection is no name of this one
    for _, address in own_addresses()[1:]:
        if address != "::1":
            assert status("127.0.0.1", web, f"{bracketed(address)}:{web.port}") == 421


def test_behind_a_proxy_the_address_that_it_was_reached_at_is_answered(tmp_path: Path) -> None:
    with serving(tmp_path, proxy_protocol=True) as web:
        for client, own in (("203.0.113.9", "192.0.2.7"), ("2001:db8::9", "[2001:db8::7]")):
            for introduction, host, code in (
                (line(web, client), own, b"200"),
                (line(web, client), "198.51.100.9", b"421"),
                (b"PROXY UNKNOWN\r\n", own, b"421"),
                (b"PROXY UNKNOWN\r\n", "127.0.0.1", b"200"),
            ):
                with web.connect() as connection:
                    connection.sendall(introduction + get(web, host=f"{host}:{web.port}"))
                    assert everything(connection).split(b" ")[1] == code
