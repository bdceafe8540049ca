"""Docker's --user against an image's own files."""

from __future__ import annotations

import pytest

from sandbox.oci.users import MOST_ROWS, Identity, UserError, resolve

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
