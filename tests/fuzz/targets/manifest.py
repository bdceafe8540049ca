"""A registry's documents: an image that the runner can say to the web process, or a refusal in Docker's words.

An input holds documents, each under a line `--- MEDIA-TYPE`: what the reference names first, then the others by their
digest. In a document `@2` stands for the digest of the third one, and `"#2"` for its size, so that what was changed is
still reached.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from hypothesis import strategies as st

from fuzz.engine import Check, Target
from fuzz.mutation import Inputs, changed, mutated, picked, written
from sandbox.docker.messages import DAEMON
from sandbox.images import manifest, resolve
from sandbox.images.errors import PullError
from sandbox.images.puller.client import FetchError, Puller, Told
from sandbox.images.puller.messages import Fetch, Fetched
from sandbox.images.questions import Questions
from sandbox.images.resolve import Found, Tools, Wish
from sandbox.images.visit import Visit
from sandbox.model import platform, protocol, reference
from sandbox.model.image import Image
from sandbox.model.protocol import NoImage
from sandbox.turns import Queue
from support import oci
from support.pulls import store_in

LONGEST_ERROR = 10_000
NAMED = reference.parse("alpine")
HERE = platform.parse("linux/amd64")
KINDS = [*manifest.INDEX_TYPES, *manifest.MANIFEST_TYPES, "", "application/vnd.oci.image.config.v1+json"]
NAMES = (
    *("schemaVersion", "mediaType", "manifests", "layers", "config", "digest", "size", "platform", "urls"),
    *("os", "architecture", "variant", "rootfs", "diff_ids", "created"),
    *("Env", "Cmd", "Entrypoint", "User", "WorkingDir", "Labels", "Volumes", "variant"),
)
DIGEST = "sha256:" + "a" * 64
VALUES = (
    *(*KINDS, DIGEST, "sha512:" + "a" * 128, "@0", "@1", "@2", "#1", "#2", "linux", "amd64", "arm64", "v8"),
    *("0:0", "a:b", str(2**31), str(2**32), "root", "²", "x" * 70_000, 2, 2.0),
    *("2024-01-01T00:00:00Z", "9999-99-99T99:99:99+99:99"),
)
PIECES = (b"@1", b"#1", b"--- \n", b"\n", b"null", b"[]", b"{}", b'"', b"\\ud800", b"1e999", b"\xff\xfe", b"sha256:")


class Documents:
    """Stands for the puller of a registry that has the documents of an input."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[bytes, str]] = {}
        self._first = (b"", "")

    def hold(self, data: bytes) -> None:
        """Have these, and no others any more."""
        self._held, self._first = {}, (b"", "")
        marks: list[tuple[bytes, bytes]] = []
        for number, (kind, document) in reversed([*enumerate(split(data))]):
            for mark, meant in marks:
                document = document.replace(mark, meant)  # noqa: PLW2901 - one after the other
            digest = oci.digest_of(document)
            self._held[digest] = self._first = (document, kind)
            marks += [(b'"#%d"' % number, b"%d" % len(document)), (b"@%d" % number, digest.encode())]

    async def fetch(self, wish: Fetch, into: IO[bytes], _: Told) -> Fetched:
        """Write what is wished for, as a puller does."""
        found = self._held.get(wish.reference) if ":" in wish.reference else self._first
        if found is None:
            raise FetchError("blob-missing", "not found")
        document, kind = found
        into.write(document[: wish.most + 1])
        return Fetched(oci.digest_of(document), len(document), kind)


def split(data: bytes) -> list[tuple[str, bytes]]:
    """The documents in an input, each with its media type."""
    parts = re.split(rb"^--- ?", data, flags=re.MULTILINE)[1:]
    return [(head.decode("latin-1").strip()[:200], body) for head, _, body in (part.partition(b"\n") for part in parts)]


def joined(documents: Sequence[tuple[str, bytes]]) -> bytes:
    """The input of these documents."""
    return b"".join(b"--- " + kind.encode("latin-1", "replace") + b"\n" + body + b"\n" for kind, body in documents)


def check(tools: Tools, loop: asyncio.Runner) -> str:
    """Have an image found among the documents, and say it as the runner does."""
    try:
        found = loop.run(_found(tools))
    except PullError as error:
        return _refused(error)
    line = protocol.encode(protocol.Fetched(_image(found)))
    assert protocol.decode_reply(line) == protocol.Fetched(_image(found))
    return f"found {len(found.layers)}"


async def _found(tools: Tools) -> Found:
    async with asyncio.timeout(None) as bound:
        return await resolve.find(tools, Wish(NAMED, HERE, False, Visit("", bound), lambda _: None))


def _refused(error: PullError) -> str:
    assert error.stderr.startswith(DAEMON)
    assert len(error.stderr) < LONGEST_ERROR
    protocol.encode(NoImage(error.stderr, error.code, error.reason))
    return f"{error.reason} {error.stderr.removeprefix(DAEMON)[:24]}"


def _image(found: Found) -> Image:
    """The image that a pull makes of what was found, once it has the layers."""
    config = found.config
    return Image(
        *(NAMED.familiar, found.digest, found.identity, config.platform.architecture, found.layers, config.config),
        *(found.content_bytes, 0, config.provenance, config.created),
    )


def inputs(seeds: Sequence[bytes]) -> Inputs:
    """Seeds with changed documents, other media types, and changed bytes."""
    parsed = [parts for parts in map(split, seeds) if parts and all(_is_object(body) for _, body in parts)]
    made = picked(parsed).flatmap(_changed) if parsed else st.nothing()
    return made.map(joined) | mutated(seeds, PIECES)


def _changed(parts: Sequence[tuple[str, bytes]]) -> st.SearchStrategy[list[tuple[str, bytes]]]:
    documents = [
        st.tuples(st.just(kind) | st.sampled_from(KINDS), changed([json.loads(body)], NAMES, VALUES).map(written))
        for kind, body in parts
    ]
    return st.tuples(*documents).map(list)


def _is_object(body: bytes) -> bool:
    with suppress(ValueError, RecursionError):
        return isinstance(json.loads(body), dict)
    return False


@contextmanager
def opened(folder: Path) -> Iterator[Check]:
    """What checks documents, with a store in `folder`."""
    settings, store = store_in(folder)
    documents = Documents()
    puller = cast(Puller, documents)
    with asyncio.Runner() as loop:

        def checked(data: bytes) -> str:
            documents.hold(data)
            # nothing is remembered from one to the next
            return check(Tools(settings, store, Questions(settings, store, puller), Queue(1)), loop)

        yield checked


TARGET = Target("manifest", inputs, opened, examples=300, traced=True)
