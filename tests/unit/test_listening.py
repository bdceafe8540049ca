"""Where the site listens: the addresses that are printed answer, and each way to fail has its own advice."""

from __future__ import annotations

import errno
import socket
from contextlib import closing

import pytest

from sandbox import listening
from sandbox.listening import CannotListen
from sandbox.model.addresses import bracketed, is_host, is_source
from sandbox.settings import Settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def printed(host: str) -> list[str]:
    """The addresses for `host`, after a connection was made to each."""
    port = free_port()
    with closing(listening.open_listener(Settings(listen=host, port=port))) as listener:
        made = listening.urls(listener, host)
        for url in made:
            name = url.removeprefix("http://").removesuffix(f":{port}").strip("[]")
            socket.create_connection((name, port), timeout=10).close()
    return [url.replace(f":{port}", "") for url in made]


def test_every_address_of_the_machine_is_printed_and_answers() -> None:
    four = [address for family, address in listening.own_addresses() if family == "inet"]
    assert four[0] == "127.0.0.1"
    assert printed("0.0.0.0") == [f"http://{address}" for address in four]


def test_the_ipv6_wildcard_takes_ipv4_too() -> None:
    assert printed("::") == [f"http://{bracketed(address)}" for _, address in listening.own_addresses()]


def test_an_ipv6_address_stands_in_brackets_and_is_refused_where_there_is_none() -> None:
    if ("inet6", "::1") in listening.own_addresses():
        assert printed("::1") == ["http://[::1]"]
    else:
        assert "[::1]" in advice("::1")


def test_without_the_program_ip_loopback_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert printed("0.0.0.0") == ["http://127.0.0.1"]


def test_a_single_address_or_name_is_printed_as_it_was_given() -> None:
    assert printed("127.0.0.1") == ["http://127.0.0.1"]
    assert printed("localhost") == ["http://localhost"]


def advice(host: str = "127.0.0.1", port: int | None = None) -> str:
    with pytest.raises(CannotListen) as failed:
        listening.open_listener(Settings(listen=host, port=port or free_port())).close()
    return str(failed.value)


def test_a_taken_port_is_advised_to_be_another() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        assert "PORT=" in advice(port=other.getsockname()[1])


def test_an_address_that_this_machine_has_not_is_not_taken_for_a_taken_port() -> None:
    told = advice("198.51.100.9")
    assert "이 컴퓨터에 없는 주소" in told
    assert "127.0.0.1" in told
    assert "PORT" not in told


@pytest.mark.parametrize("host", ["no-such-host.invalid", "127.0.0.1:8000", "http://127.0.0.1", "a" * 300])
def test_a_name_that_leads_nowhere_is_said_to(host: str) -> None:
    assert "찾지 못했어요" in advice(host)


@pytest.mark.parametrize(
    ("number", "words"), [(errno.EACCES, "권한이 없어요"), (errno.EAFNOSUPPORT, "IPv6"), (errno.ENOBUFS, "space")]
)
def test_each_other_failure_has_its_own_advice(monkeypatch: pytest.MonkeyPatch, number: int, words: str) -> None:
    def fail(*_: object, **__: object) -> socket.socket:
        raise OSError(number, "no space" if number == errno.ENOBUFS else "")

    monkeypatch.setattr(socket, "create_server", fail)
    told = advice()
    assert words in told
    assert "다른 프로그램" not in told


@pytest.mark.parametrize(
    "text",
    ["a", "docs.example", "docs.example:8443", "192.0.2.7:80", "[::1]", "[2001:db8::7]:8000", "my_host", "a-b.C"],
)
def test_a_host_is_a_name_or_an_address_with_a_port_or_without(text: str) -> None:
    assert is_host(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a b", "http://a", "a/", "a/b", "user@a", "*.a", "-a", "a.", ".a", "a:", "a:0", "a:65536", "a:b"),
        *("::1", "2001:db8::7", "[::1", "[]", "[a]", "[1.2.3.4.5]", "a\n", "a:1:2", "\u00e9", "a?b", "a#b", "a" * 254),
    ],
)
def test_anything_else_is_no_host(text: str) -> None:
    assert not is_host(text)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("https://course.example", True),
        ("http://127.0.0.1:8888", True),
        ("HTTPS://*.school.example", True),
        ("http://[::1]:8000", True),
        *(
            (text, False)
            for text in ("", "*", "course.example", "https://", "https://a/", "https://a b", "https://a;b")
        ),
        *((text, False) for text in ("ftp://a", "https://a.*.b", "https://**.a", "https://a\n", "'self'", "https:")),
    ],
)
def test_who_may_embed_is_an_origin_or_all_names_below_one(text: str, right: bool) -> None:
    assert is_source(text) is right
