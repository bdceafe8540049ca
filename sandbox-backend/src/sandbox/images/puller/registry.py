"""Asks one OCI registry over HTTP: the operator's hosts and nobody else, whatever an answer says.

Runs only in the puller's process. The calls are those of the OCI distribution specification 1.1; the error texts are
the ones that containerd gives to Docker's daemon, as far as it has one for the case.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urljoin

from urllib3.response import BaseHTTPResponse

from sandbox.images.puller import connections
from sandbox.images.puller.trouble import FAILURES, RegistryError, is_slow, line, retry_after, translated, unexpected
from sandbox.images.recent import Recent
from sandbox.model import plain

CHUNK = 256 * 1024
MOST_REDIRECTS = 5
LARGEST_TOKEN = 64 * 1024
# one for each repository, whose names visitors make up
MOST_TOKENS = 100
REDIRECTS = (301, 302, 303, 307, 308)
# a name begins where no letter is before it, so that a long one without a value is not tried from each of its letters
_FIELD = re.compile(r'(?<![a-zA-Z_])([a-zA-Z_]+)="([^"]*)"')


class Registry:
    """`base` is the registry's address, or that of a socket (`connections`); `hosts` are the further ones (`name` or
    `name:port`) that it may send us to; with `anywhere` it is every host over TLS, for set-up, which asks for digests
    alone and in nobody's name; so is `proxy`.

    The system resolver is asked once for each connection, for names that the operator has written down only, so an
    answer that changes can lead to no host that was not named. Nothing is sent that could be a secret: the calls are
    anonymous, and a token goes to the registry itself alone.
    """

    def __init__(self, base: str, hosts: tuple[str, ...], *, anywhere: bool = False, proxy: str = "") -> None:
        self._base = connections.named(base)
        self._home = connections.origin(self._base)
        self._hosts = frozenset(host.lower() for host in hosts)
        self._anywhere = anywhere
        self._pool = connections.pool(base, proxy)
        self._tokens: Recent[str, tuple[str, float]] = Recent(MOST_TOKENS)

    def check(self) -> None:
        """Ask for the API itself. RegistryError where nothing answers, or something that is no registry."""
        url = f"{self._base}/v2/"
        answer = self._follow(url, {})
        answer.close()
        # one that wants a token first is there, too
        if answer.status not in (200, 401, 403):
            raise RegistryError("registry-error", unexpected(url, answer).text)

    @contextmanager
    def manifest(self, repository: str, reference: str, accept: str) -> Iterator[BaseHTTPResponse]:
        """Return the answer with the manifest or index that a tag or digest names, not read yet."""
        url = f"{self._base}/v2/{repository}/manifests/{reference}"
        with self._get(repository, url, {"Accept": accept}) as answer:
            self._check(repository, url, answer)
            yield answer

    @contextmanager
    def blob(self, repository: str, digest: str) -> Iterator[BaseHTTPResponse]:
        """Return the answer with a blob, not read yet."""
        url = f"{self._base}/v2/{repository}/blobs/{digest}"
        with self._get(repository, url, {}) as answer:
            self._check(repository, url, answer)
            yield answer

    def _check(self, repository: str, url: str, answer: BaseHTTPResponse) -> None:
        if answer.status == 200:
            return
        if answer.status == 404 and "/manifests/" in url:
            known = self._knows(repository)
            raise RegistryError("no-such-image" if known else "no-such-repository", "not found")
        if answer.status in (401, 403):
            raise RegistryError("no-such-repository", "authorization failed")
        raise unexpected(url, answer)

    def _knows(self, repository: str) -> bool:
        url = f"{self._base}/v2/{repository}/tags/list?n=1"
        with self._get(repository, url, {}) as answer:
            if retry_after(answer.status, answer.headers) is not None:
                raise unexpected(url, answer)
            return answer.status == 200

    @contextmanager
    def _get(self, repository: str, url: str, headers: dict[str, str]) -> Iterator[BaseHTTPResponse]:
        answer = self._follow(url, headers | self._authorization(repository))
        try:
            if answer.status == 401 and (challenge := answer.headers.get("WWW-Authenticate", "")):
                answer.close()
                self._fetch_token(repository, challenge)
                answer = self._follow(url, headers | self._authorization(repository))
            yield answer
        finally:
            # not given back to the pool half read: what is left in it would be taken for the next answer
            answer.close()

    def _follow(self, url: str, headers: dict[str, str]) -> BaseHTTPResponse:
        for _ in range(MOST_REDIRECTS):
            answer = self._request(url, headers)
            if answer.status not in REDIRECTS:
                return answer
            answer.close()
            url = self._sent_to(url, answer.headers.get("Location", ""))
            if connections.origin(url) != self._home:
                headers = {name: value for name, value in headers.items() if name != "Authorization"}
        raise RegistryError("registry-error", f"failed to do request: {line(url)}: stopped after 5 redirects")

    def _sent_to(self, url: str, location: str) -> str:
        """Return where the answer from `url` sends us, if we may go there."""
        try:
            url = urljoin(url, location)
        except ValueError as error:
            text = f"failed to do request: {line(url)}: failed to parse Location header"
            raise RegistryError("registry-error", text) from error
        self._allow(url)
        return url

    def _allow(self, url: str) -> None:
        """Check an address before its name is looked up; plain HTTP only where the registry uses it too."""
        scheme, host, port = origin = connections.origin(url)
        if origin == self._home or (self._anywhere and scheme == "https"):
            return
        names = {f"{host}:{port}"} | ({host} if port == connections.PORTS.get(scheme) else set())
        if not names & self._hosts or scheme not in ("https", self._home[0]):
            raise RegistryError("foreign-host", f"failed to do request: {line(url)}: host is not allowed here")

    def _request(self, url: str, headers: dict[str, str]) -> BaseHTTPResponse:
        with translated(url):
            return self._pool.request("GET", url, headers=headers, redirect=False, preload_content=False)

    def _authorization(self, repository: str) -> dict[str, str]:
        token, until = self._tokens.get(repository) or ("", 0.0)
        return {"Authorization": f"Bearer {token}"} if time.monotonic() < until else {}

    def _fetch_token(self, repository: str, challenge: str) -> None:
        """Fetch an anonymous pull token from the realm that the challenge names, when that realm is an allowed host."""
        fields = dict(_FIELD.findall(challenge))
        realm = fields.get("realm", "")
        if not challenge.lower().startswith("bearer ") or not realm:
            return
        self._allow(realm)
        query = {"service": fields.get("service", ""), "scope": f"repository:{repository}:pull"}
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
        answer = self._request(url, {})
        body = bytearray()
        try:
            read(answer, LARGEST_TOKEN, body.extend)
        finally:
            answer.close()
        if retry_after(answer.status, answer.headers) is not None:
            raise unexpected(url, answer)
        self._remember(repository, answer.status, bytes(body))

    def _remember(self, repository: str, status: int, body: bytes) -> None:
        values = _json(body) if status == 200 else {}
        token = values.get("token") or values.get("access_token")
        if isinstance(token, str) and re.fullmatch(r"[!-~]+", token):
            # the least life that the token specification allows, so that a false promise cannot mislead us
            self._tokens.put(repository, (token, time.monotonic() + 55))


def read(answer: BaseHTTPResponse, most: int, take: Callable[[bytes], None]) -> int:
    """Hand the body over piece by piece until its end or one byte past `most`; how many bytes there were."""
    total = 0
    while total <= most and (piece := _piece(answer, min(CHUNK, most + 1 - total))):
        take(piece)
        total += len(piece)
    return total


def _piece(answer: BaseHTTPResponse, most: int) -> bytes:
    """Return what has come at once, so that a slow registry's progress is seen."""
    try:
        return answer.read1(most, decode_content=False)
    except FAILURES as error:
        text = "context deadline exceeded" if is_slow(error) else "unexpected EOF"
        if is_slow(error):
            raise RegistryError("registry-slow", text) from error
        raise RegistryError("registry-down", text, again=0) from error


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = plain.parse(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
