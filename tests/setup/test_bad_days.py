"""Set-up on a bad day: whatever ended it, no stamp says that it was well, and the next one makes it whole."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import pace
from support.checkout import KEPT, SETUP, Checkout, Ended, SmallDisk, copied, ended, small_disk

pytestmark = pytest.mark.container
STAMP, PACKAGES = ".venv/ready-python", ".venv/lib/python3*/site-packages"

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


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return copied(tmp_path)


@pytest.fixture
def shared() -> Iterator[Checkout]:
    """The checkout of an ordinary user."""
    with tempfile.TemporaryDirectory(prefix="sandbox-setup-", dir="/var/tmp") as name:
        checkout = copied(Path(name))
        subprocess.run(["chown", "--recursive", "1234:1234", name], check=True)
        yield checkout


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path) as disk:
        yield disk


# while the virtual environment is made, while packages come into it, and at the very first file
@pytest.mark.parametrize("mib", [12, 20, 0])
def test_a_disk_that_gets_full_leaves_no_stamp_and_the_next_set_up_heals(disk: SmallDisk, mib: int) -> None:
    disk.leave(mib * 1024)
    ended = disk.checkout.set_up()
    assert ended.code != 0, ended.said
    assert not disk.checkout.has(STAMP)
    disk.leave(500 * 1024)
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


@pytest.mark.parametrize("there", [".venv/pyvenv.cfg", f"{PACKAGES}/pip", f"{PACKAGES}/setuptools/_vendor"])
def test_a_set_up_that_is_killed_leaves_no_stamp_and_the_next_one_heals(checkout: Checkout, there: str) -> None:
    assert checkout.killed(lambda: any(checkout.folder.glob(there)))
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


def test_code_that_only_its_owner_may_read_is_opened_to_the_processes_without_privilege(checkout: Checkout) -> None:
    code = checkout.folder / "sandbox-backend/src"
    subprocess.run(["chmod", "-R", "go=", str(code)], check=True)
    assert checkout.set_up("sh", "-c", 'umask 077; exec "$@"', "sh").code == 0
    theirs = (code / "sandbox/web/process.py", *checkout.folder.glob(f"{PACKAGES}/click/__init__.py"))
    assert [path.stat().st_mode & 0o004 for path in theirs] == [0o004, 0o004]


def test_what_root_has_set_up_is_handed_over_or_the_user_is_told_how(shared: Checkout) -> None:
    assert shared.set_up().code == 0
    (shared.folder / STAMP).unlink()
    told = shared.set_up(*AS_USER)
    assert told.code != 0
    assert "chown -R 1234:1234" in told.said
    assert ended(shared.there(*told.said.splitlines()[-1].partition(": ")[2].split())).code == 0
    again = shared.set_up(*AS_USER)
    assert again.code == 0, again.said
    assert set(KEPT) < set(shared.packages())


def test_without_a_network_that_is_said_and_once_all_is_there_none_is_needed(checkout: Checkout) -> None:
    alone = ("unshare", "--net")
    told = checkout.set_up(*alone)
    assert told.code != 0
    assert "네트워크" in told.said.splitlines()[-1]
    assert not checkout.has(STAMP)
    assert checkout.set_up().code == 0
    assert checkout.set_up(*alone) == Ended(0, "")
