"""A registry's answers as they are written on the wire: the client takes them or gives its one error, and asks nobody
else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from hypothesis import strategies as st

from fuzz.engine import Check, Target
from fuzz.mutation import Inputs, mutated
from sandbox.images.manifest import ACCEPT
from sandbox.images.puller import messages
from sandbox.images.puller.messages import LARGEST_MESSAGE, Failed
from sandbox.images.puller.registry import Registry, read
from sandbox.images.puller.trouble import RegistryError
from support import pace

MOST, MOST_ASKED = 4096, 16
DIGEST = "sha256:" + "a" * 64
CODES = (
    *("registry-error", "registry-down", "registry-slow", "rate-limited", "foreign-host"),
    *("no-such-image", "no-such-repository", "blob-missing"),
)
LINES = [b"HTTP/1.1 %d X" % status for status in (100, 101, 103, 200, 204, 206, 301, 307, 401, 403, 404, 416, 429, 500)]
LINES += [b"HTTP/1.0 200 OK", b"HTTP/2 200", b"HTTP/1.1 999 X", b"HTTP/1.1", b"ICY 200 OK", b"HTTP/1.1 -1 X", b""]
PLACES = (
    *("/v2/x", "http://localhost/v2/y", "http://[", "http://[::1", "http://a:b@localhost/", "http://localhost:99999/"),
    *("http://localhost:-1/", "//elsewhere/x", "https://localhost/", "file:///etc/passwd", "", " ", "?", "#", "\\\\x"),
    *("http://a\xad.b/", "http://%00/", "http://localhost\x00/", "http://xn--a/", "http://" + "a" * 300 + "/"),
)
NUMBERS = ("0", "5", "-1", "1, 2", "5, 5", "1e3", "99999999999999999999", "0x5", " 5 ", "", "5\x00", "\xb2")
NAMES = (
    *("Location", "Content-Length", "Content-Type", "Transfer-Encoding", "WWW-Authenticate", "Content-Encoding"),
    *("Connection", "Retry-After", "Docker-Content-Digest", "Link", "Set-Cookie", "X" * 9000, ""),
)
CHALLENGES = [f'Bearer realm="{place}",service="x"' for place in PLACES] + ["Bearer", "Basic realm=x"]
BODIES = (b"", b"{}", b"hello", b"x" * 5000, b'{"token":"abc"}', b'{"token":"a\\nb"}', b'{"token":[]}', b"[" * 9000)
CHUNKS = (
    b"5\r\nhello\r\n0\r\n\r\n",
    b"-5\r\nhello\r\n",
    b"zz\r\n",
    b"5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n",
    b"1" * 9000,
)
PIECES = (b"\r\n", b"\r\n\r\n", b"\n", b": ", b"\0", b"\xff", b"HTTP/1.1 100 Continue\r\n\r\n", b"chunked", b"[")


class Answering:
    """Answers whoever connects to a socket with the same bytes, and closes."""

    def __init__(self, path: Path) -> None:
        self.bytes, self.asked = b"", 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, suppress(OSError):
                self.asked += 1
                client.settimeout(pace.seconds(5))
                self._read(client)
                client.sendall(self.bytes)
                # so that what was not read yet does not take the answer back
                client.shutdown(socket.SHUT_WR)

    def _read(self, client: socket.socket) -> None:
        got = b""
        while b"\r\n\r\n" not in got and (piece := client.recv(65536)):
            got += piece

    def end(self) -> None:
        """Answer nobody any more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def check(answering: Answering, address: str, data: bytes) -> str:
    """Ask a registry that answers everything so, in each of the ways that there are."""
    answering.bytes, said = data, []
    for ask in (_check, _manifest, _blob):
        answering.asked = 0
        said.append(_outcome(ask, Registry(address, ("elsewhere",))))
        assert answering.asked <= MOST_ASKED
    return " ".join(said)


def _outcome(ask: Callable[[Registry], str], registry: Registry) -> str:
    try:
        return ask(registry)
    except RegistryError as error:
        return _refused(error)


def _refused(error: RegistryError) -> str:
    assert error.code in CODES
    assert error.text
    assert len(messages.encode(1, Failed(error.code, error.text[:4000]))) <= LARGEST_MESSAGE
    return error.code


def _check(registry: Registry) -> str:
    registry.check()
    return "there"


def _manifest(registry: Registry) -> str:
    pieces: list[bytes] = []
    with registry.manifest("library/alpine", "latest", ACCEPT) as answer:
        size = read(answer, MOST, pieces.append)
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
    assert size == sum(map(len, pieces))
    messages.encode(1, messages.Fetched(DIGEST, size, kind[:200]))
    return "more" if size > MOST else "read"


def _blob(registry: Registry) -> str:
    with registry.blob("library/alpine", DIGEST) as answer:
        return "more" if read(answer, MOST, lambda _: None) > MOST else "read"


def inputs(seeds: Sequence[bytes]) -> Inputs:
    """Answers of odd lines, headers and bodies; and seeds with changed bytes."""
    value = st.sampled_from([*PLACES, *NUMBERS, *CHALLENGES, "chunked", "gzip, chunked", "application/json"])
    anything = st.tuples(st.sampled_from(NAMES), value | st.text(st.characters(max_codepoint=255), max_size=20))
    fitting = st.one_of(
        st.tuples(st.just("Location"), st.sampled_from(PLACES)),
        st.tuples(st.just("Content-Length"), st.sampled_from(NUMBERS)),
        st.tuples(st.just("WWW-Authenticate"), st.sampled_from(CHALLENGES)),
        st.tuples(st.just("Transfer-Encoding"), st.sampled_from(["chunked", "gzip", "identity", "chunked, chunked"])),
    )
    body = st.sampled_from([*BODIES, *CHUNKS]) | st.binary(max_size=40)
    made = st.builds(_answer, st.sampled_from(LINES), st.lists(anything | fitting, max_size=4), body)
    return made | mutated(seeds, PIECES) | made.flatmap(lambda answer: mutated([answer, *seeds], PIECES))


def _answer(line: bytes, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    fields = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers)
    return line + b"\r\n" + fields + b"\r\n" + body


@contextmanager
def opened(folder: Path) -> Iterator[Check]:
    """What checks an answer, with a socket in `folder`."""
    path = folder / "socket"
    answering = Answering(path)
    try:
        yield lambda data: check(answering, f"unix:{path}", data)
    finally:
        answering.end()


TARGET = Target("registry", inputs, opened, examples=150, traced=True)
