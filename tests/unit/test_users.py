"""Docker's --user against an image's own files."""

from __future__ import annotations

import contextlib
import time

import pytest

from sandbox.oci.users import MOST_GROUPS, MOST_ROWS, Identity, UserError, resolve
from sandbox.runner.container.identity import SMALL
from support import pace

PASSWD = "root:x:0:0:root:/root:/bin/sh\nmina:x:1000:100:Mina:/home/mina:/bin/sh\nbroken\n"
GROUP = "root:x:0:root\nusers:x:100:\nwheel:x:10:root,mina\nbroken\n"


@pytest.mark.parametrize(
    ("user", "identity"),
    [
        ("", Identity(0, 0, (0, 10), "/root")),
        ("root", Identity(0, 0, (0, 10), "/root")),
        ("mina", Identity(1000, 100, (100, 10), "/home/mina")),
        ("1000", Identity(1000, 100, (100, 10), "/home/mina")),
        ("4242", Identity(4242, 0, (0,), "/")),
        ("mina:wheel", Identity(1000, 10, (10,), "/home/mina")),
        ("0:5", Identity(0, 5, (5,), "/root")),
    ],
)
def test_each_form(user: str, identity: Identity) -> None:
    assert resolve(user, PASSWD, GROUP) == identity


def test_an_image_without_passwd_still_has_root() -> None:
    assert resolve("", "", "") == Identity(0, 0, (0,), "/")


@pytest.mark.parametrize(
    ("row", "identity"),
    [
        ("app:x:7:8::/srv:/bin/sh", Identity(7, 8, (8, 20), "/srv")),
        ("app:x:7:8:App:/srv", Identity(7, 8, (8, 20), "/srv")),
        ("app:x:7:8:App", Identity(7, 8, (8, 20), "/")),
        ("app:x:7:8", Identity(7, 8, (8, 20), "/")),
        ("app:x:7", Identity(7, 0, (0, 20), "/")),
        ("  app:x:7:8:::\r", Identity(7, 8, (8, 20), "/")),
        ("app:x:7:8:a\x0bb\x85c:/srv:", Identity(7, 8, (8, 20), "/srv")),
    ],
)
def test_a_row_may_lack_its_last_fields(row: str, identity: Identity) -> None:
    passwd = f"root:x:0:0:root:/root:/bin/sh\n{row}\nother:x:9:9\n"
    assert resolve("app", passwd, "staff:x:20:app,other\nempty:x:21\n") == identity
    assert resolve("9", passwd, "") == Identity(9, 9, (9,), "/")


def test_groups_may_be_added_by_name_and_number() -> None:
    assert resolve("mina", PASSWD, GROUP, ("root", "4242")) == Identity(1000, 100, (100, 10, 0, 4242), "/home/mina")
    assert resolve("mina:wheel", PASSWD, GROUP, ("10", "users")) == Identity(1000, 10, (10, 100), "/home/mina")
    assert resolve("4242", PASSWD, GROUP, ("5",)).groups == (0, 5)
    with pytest.raises(UserError, match="unable to find group nosuch: no matching entries in group file"):
        resolve("mina", PASSWD, GROUP, ("nosuch",))


def test_a_number_that_no_container_has_here_is_refused_in_our_own_words() -> None:
    for user, more in (("70000", ()), ("0:70000", ()), ("app", ()), ("0", ("70000",))):
        with pytest.raises(UserError, match="id 70000 is not available on this host"):
            resolve(user, "app:x:70000:0\n", "", more)
    with pytest.raises(UserError, match="uids and gids must be in range 0-2147483647"):
        resolve("2147483648", PASSWD, GROUP)


@pytest.mark.parametrize("user", ["nosuch", "mina:nosuch", "99999999999999999999", "broken"])
def test_who_is_not_there_is_refused(user: str) -> None:
    with pytest.raises(UserError):
        resolve(user, PASSWD, GROUP)


def test_a_hostile_passwd_cannot_name_an_id_outside_the_map() -> None:
    with pytest.raises(UserError):
        resolve("evil", "evil:x:4294967295:0::/:/bin/sh\n", "")


def test_attack_45_so_many_rows_are_read_and_not_one_more() -> None:
    row, last = "late:x:9:9\n", "\n" * (MOST_ROWS - 1)
    assert resolve("late:late", last + row, last + row) == Identity(9, 9, (9,), "/")
    with pytest.raises(UserError, match="unable to find user late"):
        resolve("late", "\n" + last + row, "")
    with pytest.raises(UserError, match="unable to find group late"):
        resolve("0:late", "", "\n" + last + row)


HOSTILE = {
    "empty rows": "\n",
    "short rows": "a:b:1\n",
    "groups that are wanted": "g63:x:1\n",
    "one who is in each group": "a:b:1:x\n",
    "one long row": ":",
    "one group of very many": "x,",
    "numbers that are none": "x:x:a:a\n",
}
GROUPS = [f"g{number}" for number in range(64)]


def cost(user: str, passwd: str, group: str, groups: list[str]) -> float:
    """The least seconds that it takes to say who somebody is."""

    def once() -> float:
        begun = time.process_time()
        with contextlib.suppress(UserError):
            resolve(user, passwd, group, groups)
        return time.process_time() - begun

    return min(once() for _ in range(3))


def filled(row: str, size: int) -> str:
    return row * (size // len(row))


@pytest.mark.parametrize("row", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("login", ["x", "x" * SMALL])
def test_attack_66_short_files_of_users_cost_a_moment_whatever_they_hold(row: str, login: str) -> None:
    passwd, group = f"{login[: SMALL - 20]}:x:0:0::/:\n", "a:b:1:" + filled(row, SMALL)
    assert cost("", passwd, group, GROUPS) < pace.seconds(0.008)
    assert cost("x:g9", filled(row, SMALL), group, GROUPS) < pace.seconds(0.008)


@pytest.mark.parametrize("row", HOSTILE.values(), ids=HOSTILE)
def test_attack_66_dozens_of_groups_cost_no_more_than_a_few_however_long_the_file_is(row: str) -> None:
    # what it costs to find the first ones is measured, too: they are not there
    few, group = GROUPS[:2], filled(row, 1 << 18)
    assert cost("", "", group, GROUPS) < 2 * cost("", "", group, few) + pace.seconds(0.005)


def test_who_is_in_very_many_groups_is_refused() -> None:
    group = "".join(f"g{number}:x:{number}:root\n" for number in range(1, MOST_GROUPS + 1))
    assert len(resolve("", PASSWD, group.rpartition("g")[0]).groups) == MOST_GROUPS
    with pytest.raises(UserError, match="is in more than 1024 groups"):
        resolve("", PASSWD, group)
