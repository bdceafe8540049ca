"""How large a file system over the data folder is, and what is said where none can be had."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from sandbox import datafolder
from sandbox.datafolder import DataFolderError

MIB = 1 << 20


@pytest.mark.parametrize(
    ("most", "free", "size"), [(2048, 100_000, 2048), (2048, 3000, 1500), (2048, 256, 128), (100, 100_000, None)]
)
def test_it_never_takes_more_than_half_of_what_is_free(most: int, free: int, size: int | None) -> None:
    if size is None:
        with pytest.raises(OSError, match="are free"):
            datafolder._size(most * MIB, free * MIB, "disk")
    else:
        assert datafolder._size(most * MIB, free * MIB, "disk") == size * MIB


def test_a_full_disk_is_told_in_numbers() -> None:
    with pytest.raises(OSError, match="only 255 MiB of disk are free") as told:
        datafolder._size(2048 * MIB, 255 * MIB, "disk")
    assert told.value.errno == errno.ENOSPC


def test_where_nothing_can_be_had_both_reasons_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(reason: str) -> object:
        def call(*_: object) -> int:
            raise OSError(errno.EPERM, reason)

        return call

    monkeypatch.setattr(datafolder, "_cover_with_ext4", without("no loop device"))
    monkeypatch.setattr(datafolder, "_cover_with_memory", without("an old kernel"))
    with pytest.raises(DataFolderError, match=r"no loop device.*an old kernel"):
        datafolder.cover(tmp_path, 2048 * MIB)
