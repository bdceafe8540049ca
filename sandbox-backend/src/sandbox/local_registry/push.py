"""Puts images into the local registry over HTTP: the calls of the OCI distribution specification 1.1."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

import urllib3

from sandbox.local_registry.server import RegistryError

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Document:
    """A manifest or an index as it is sent."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository `name` of the registry at `base`. Its calls end in a RegistryError when they are refused."""

    base: str
    name: str
    _pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(timeout=SECONDS, retries=False))

    def put_blob(self, data: bytes) -> None:
        """Store a configuration or a layer."""
        answer = self._send("POST", f"{self.base}/v2/{self.name}/blobs/uploads/", b"", {}, 202)
        place = urljoin(self.base, answer.headers["Location"])
        url = f"{place}{'&' if '?' in place else '?'}digest={digest_of(data)}"
        self._send("PUT", url, data, {"Content-Type": "application/octet-stream"}, 201)

    def put_manifest(self, document: Document, tag: str = "") -> None:
        """Store a manifest or an index, of which all parts are there already, under its digest or a tag."""
        url = f"{self.base}/v2/{self.name}/manifests/{tag or digest_of(document.data)}"
        self._send("PUT", url, document.data, {"Content-Type": document.media_type}, 201)

    def _send(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], wanted: int
    ) -> urllib3.BaseHTTPResponse:
        try:
            answer = self._pool.request(method, url, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise RegistryError(f"{method} {url}: {error}") from error
        if answer.status != wanted:
            raise RegistryError(f"{method} {url}: {answer.status} {answer.data.decode(errors='replace')[:500]}")
        return answer


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
