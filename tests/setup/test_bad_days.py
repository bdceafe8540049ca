"""Set-up on a bad day: whatever ended it, no stamp says that it was well, and the next one makes it whole."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from support import pace
from support.checkout import KEPT, SETUP, Checkout, Ended, SmallDisk, copied, ended, small_disk

pytestmark = pytest.mark.container
STAMP, PACKAGES = ".venv/ready-python", ".venv/lib/python3*/site-packages"
CODE = "sandbox-backend/src"
ALONE = ("unshare", "--net")

# an account without sudo, on whatever machine
AS_USER = (
    *(
        "unshare",
        "--mount",
        "sh",
        "-c",
        '! command -v sudo || mount --bind /dev/null "$(command -v sudo)"; exec "$@"',
        "sh",
    ),
    *("setpriv", "--reuid=1234", "--regid=1234", "--clear-groups", "env", "HOME=/nonexistent"),
)


@dataclass(frozen=True)
class First:
    """The first set-up of an ordinary user's checkout, whose code its owner alone may read: what was said without a
    network, whether a stamp was there then, and what root said afterwards, who keeps new files to himself."""

    checkout: Checkout
    alone: Ended
    stamped: bool
    done: Ended


@pytest.fixture(scope="module")
def first() -> Iterator[First]:
    """Each takes seconds of a processor; the last of the tests hands this one over to the user."""
    with tempfile.TemporaryDirectory(prefix="sandbox-setup-", dir="/var/tmp") as name:
        checkout = copied(Path(name))
        subprocess.run(["chown", "--recursive", "1234:1234", name], check=True)
        subprocess.run(["chmod", "-R", "go=", str(checkout.folder / CODE)], check=True)
        alone, stamped = checkout.set_up(*ALONE), checkout.has(STAMP)
        yield First(checkout, alone, stamped, checkout.set_up("sh", "-c", 'umask 077; exec "$@"', "sh"))


def made(checkout: Checkout, pattern: str) -> bool:
    return any(checkout.folder.glob(pattern))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path) as disk:
        yield disk


def test_a_disk_that_gets_full_again_and_again_leaves_no_stamp_and_the_next_set_up_heals(disk: SmallDisk) -> None:
    # at the very first file, while the virtual environment is made, and while packages come into it
    for mib in (0, 12, 20):
        disk.leave_to_set_up(mib * 1024)
        ended = disk.checkout.set_up()
        assert ended.code != 0, ended.said
        assert not disk.checkout.has(STAMP)
    disk.leave_to_set_up(500 * 1024)
    ended = disk.checkout.set_up()
    assert ended.code == 0, ended.said
    assert set(KEPT) < set(disk.checkout.packages())


@pytest.mark.parametrize("mib", [250, 420])
def test_a_disk_that_is_too_small_is_told_first(disk: SmallDisk, mib: int) -> None:
    disk.leave(mib * 1024)
    begun = time.monotonic()
    told = ended(disk.checkout.there(f"{SETUP}/ready", "serve"))
    assert time.monotonic() - begun < pace.seconds(2)
    assert told.code == 2
    assert "디스크에 1700 MiB가 필요한데" in told.said
    assert not disk.checkout.has(".venv")


def test_a_set_up_that_is_killed_again_and_again_leaves_no_stamp_and_the_next_one_heals(tmp_path: Path) -> None:
    checkout = copied(tmp_path)
    # each time it begins anew, and comes further than the time before
    for there in (".venv/pyvenv.cfg", f"{PACKAGES}/pip", f"{PACKAGES}/setuptools/_vendor"):
        assert not made(checkout, there)
        assert checkout.killed(partial(made, checkout, there))
        assert not checkout.has(STAMP)
    ended = checkout.set_up()
    assert ended.code == 0, ended.said
    assert set(KEPT) < set(checkout.packages())


def test_a_stamp_is_written_whole_or_not_at_all(disk: SmallDisk) -> None:
    stamp = disk.checkout.there("bash", "-euc", ". sandbox-backend/setup/common.sh; stamp key.stamp of-$0")
    assert ended([*stamp, "yesterday"]).code == 0
    disk.leave(0)
    assert ended([*stamp, "today"]).code != 0
    assert ended(disk.checkout.there("cat", "key.stamp")).said == "of-yesterday\n"


def test_without_a_network_that_is_said_and_once_all_is_there_none_is_needed(first: First) -> None:
    assert first.alone.code != 0
    assert "네트워크" in first.alone.said.splitlines()[-1]
    assert not first.stamped
    assert first.done.code == 0, first.done.said
    assert first.checkout.set_up(*ALONE) == Ended(0, "")


def test_code_that_only_its_owner_may_read_is_opened_to_the_processes_without_privilege(first: First) -> None:
    folder = first.checkout.folder
    theirs = (folder / CODE / "sandbox/web/process.py", *folder.glob(f"{PACKAGES}/click/__init__.py"))
    assert [path.stat().st_mode & 0o004 for path in theirs] == [0o004, 0o004]


def test_what_root_has_set_up_is_handed_over_or_the_user_is_told_how(first: First) -> None:
    checkout = first.checkout
    (checkout.folder / STAMP).unlink()
    told = checkout.set_up(*AS_USER)
    assert told.code != 0
    assert "chown -R 1234:1234" in told.said
    assert ended(checkout.there(*told.said.splitlines()[-1].partition(": ")[2].split())).code == 0
    again = checkout.set_up(*AS_USER)
    assert again.code == 0, again.said
    assert set(KEPT) < set(checkout.packages())
