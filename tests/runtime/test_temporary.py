"""The tests' own folders: on an overlay, as in a container, tests with image layers run all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.backend import REPOSITORY

pytestmark = pytest.mark.container
ON_AN_OVERLAY = """
cd "$1" && mkdir up work over && mount -t overlay -o lowerdir=over,upperdir=up,workdir=work overlay over
export TMPDIR=$1/over; cd "$2"; shift 2; "$@"; ls "$TMPDIR"
"""
# too small a disk, and no memory that anybody knows of
FULL = 'mount -t tmpfs -o size=64m tmpfs "$1"; mount --bind /dev/null /proc/meminfo' + ON_AN_OVERLAY
TEST = "tests/runtime/test_unpack.py::test_a_whiteout_leaves_what_the_same_layer_has"


def session(folder: Path, script: str, *options: str) -> list[str]:
    """What a session of tests prints, with the temporary folder on an overlay."""
    within = ["unshare", "--mount", "--propagation=private", "bash", "-euc", script, "bash"]
    asked = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, TEST]
    environ = os.environ | {"SANDBOX_MUST_RUN": "1"}
    done = subprocess.run(
        [*within, str(folder), str(REPOSITORY), *asked], capture_output=True, text=True, check=False, env=environ
    )
    return done.stdout.splitlines()


def test_they_are_on_a_file_system_that_can_be_id_mapped_and_are_gone_at_the_end(tmp_path: Path) -> None:
    said = session(tmp_path, ON_AN_OVERLAY)
    (line,) = [line for line in said if "id-mapped" in line]
    assert "(overlay)" in line
    assert "ext4" in line
    # nothing is left for `ls` to print
    assert " 1 passed" in said[-1]


def test_where_none_can_be_had_that_is_said_before_the_first_test(tmp_path: Path) -> None:
    said = session(tmp_path, FULL, "--collect-only")
    index = next(number for number, line in enumerate(said) if "for want of a folder" in line)
    assert "of disk are free" in said[index]
    assert "of memory are free" in said[index]
    assert index < next(number for number, line in enumerate(said) if "collected" in line)
