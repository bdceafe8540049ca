"""A layer's blob: any bytes are unpacked inside their folder and within their budget, or refused as a bad image."""

from __future__ import annotations

import gzip
import json
import os
import re
import select
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fuzz.engine import SECONDS, Check, Target
from fuzz.mutation import LARGEST, Inputs, mutated
from sandbox.images.unpacker.order import Order
from sandbox.settings import Settings
from support import oci, pace

CHILD = Path(__file__).parents[1] / "unpacking_child.py"
BLOCK, MAGIC, SUM = 512, slice(257, 262), slice(148, 156)
BYTES, FILES = 2 << 20, 200
NAMES = "a b a/b a/b/c b/a ./a a/ .. ../a a/../b /a . dev proc/x sys .wh.a a/.wh.b .wh..wh..opq a/.wh..wh..opq .wh."
ENDS = ("", "bad-image", "image-too-large")
KINDS = [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, b"S"]
PIECES = (
    *(b"\0", b"/", b"..", b".wh.", b"7" * 11, b"\x80" + b"\xff" * 11, b"-1", b"ustar\0", b"x", b"L", b"K", b"g", b"5"),
    *(b"30 mtime=1e999\n", b"12 path=../a\n", b"19 size=99999999999\n", b"4 =\n" * 120, b"17 linkpath=../a\n"),
    *(b"22 GNU.sparse.major=1\n", b"22 GNU.sparse.minor=0\n", b"26 GNU.sparse.size=999999\n", b"S", b"2\n0\n1\n9\n1\n"),
    *(b"30 GNU.sparse.map=0,1,700,1\n", b"25 GNU.sparse.offset=0\n", b"27 GNU.sparse.numbytes=1\n", b"\xff" * 12),
)


class Unpacker:
    """The confined child that unpacks, one blob after the other; there is a new one when it has died."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._child = folder, self._started(folder)

    def _started(self, folder: Path) -> subprocess.Popen[bytes]:
        owner = Settings().store_uid
        os.chown(folder, owner, owner)
        order = Order(str(folder), owner, "sha256", BYTES, FILES, 1 << 20)
        words = [sys.executable, str(CHILD), json.dumps(asdict(order))]
        return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def answer(self, blob: bytes) -> dict[str, Any]:
        """What the child reports of a blob."""
        assert self._child.stdin
        assert self._child.stdout
        with suppress(BrokenPipeError):
            self._child.stdin.write(len(blob).to_bytes(4, "big") + blob)
            self._child.stdin.flush()
        ready, _, _ = select.select([self._child.stdout], [], [], pace.seconds(30 * SECONDS))
        line = self._child.stdout.readline() if ready else b""
        if not line:
            self._child.kill()
            self.end()
            self._child = self._started(self._folder)
            raise AssertionError("it has killed the process that unpacks" if ready else "there is no end to it")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        """End the child."""
        self._child.communicate()


def check(unpacker: Unpacker, blob: bytes) -> str:
    """Have a blob unpacked, and look at what is there then."""
    answer = unpacker.answer(blob)
    assert "error" not in answer, answer["error"]
    assert answer["untouched"], "something outside of its folder is not as it was"
    assert answer["seconds"] <= pace.seconds(SECONDS), f"{answer['seconds']:.1f} s of processor time"
    assert answer["files"] <= FILES, "more files than it may have"
    assert answer["bytes"] <= BYTES, "more bytes than it may have"
    report = answer["report"]
    assert report["code"] in ENDS, report
    assert report["text"] or not report["code"]
    return " ".join((report["code"], *re.findall(r"\b[a-z]{4,}\b", report["text"])[:4]))


def inputs(seeds: Sequence[bytes]) -> Inputs:
    """Archives of odd entries, whole or changed, with sums that are right again; and changed compressed ones."""
    name = st.sampled_from(NAMES.split()) | st.text("ab/.", max_size=9) | st.just("d/" * 99 + "e")
    target = st.sampled_from(NAMES.split()) | st.just("x" * 300)
    entry = st.one_of(
        st.builds(oci.File, st.binary(max_size=600), st.integers(0, 0o7777), st.sampled_from([0, 5, 65535, 65536])),
        st.builds(oci.Folder, st.integers(0, 0o7777)),
        st.builds(oci.Link, target, st.booleans()),
        st.builds(oci.Node, st.sampled_from(KINDS)),
    )
    made = st.lists(st.tuples(name, entry), max_size=9).map(oci.tar)
    plain = [tar for tar in map(_opened, seeds) if tar]
    changed = st.one_of(made, made.flatmap(lambda tar: mutated([tar], PIECES)), mutated([*plain, b""], PIECES))
    packed = st.builds(lambda tar, form: oci.PACKERS[form](tar), changed.map(summed), st.sampled_from([*oci.PACKERS]))
    return packed | packed.flatmap(lambda blob: mutated([blob, *seeds]))


def _opened(blob: bytes) -> bytes:
    try:
        return gzip.decompress(blob)[:LARGEST]
    except (OSError, EOFError, ValueError, zlib.error):
        return blob


def summed(tar: bytes) -> bytes:
    """An archive whose headers have the right sums again, so that more is read of it than the first of them."""
    blocks = [bytearray(tar[at : at + BLOCK]) for at in range(0, len(tar), BLOCK)]
    for block in blocks:
        if len(block) == BLOCK and block[MAGIC] == b"ustar":
            block[SUM] = b" " * 8
            block[SUM] = b"%06o\0 " % sum(block)
    return b"".join(blocks)


@contextmanager
def opened(folder: Path) -> Iterator[Check]:
    """What checks a blob, with a child that unpacks in `folder`."""
    unpacker = Unpacker(folder)
    try:
        yield lambda blob: check(unpacker, blob)
    finally:
        unpacker.end()


TARGET = Target("layer", inputs, opened, examples=200, container=True)
