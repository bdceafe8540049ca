"""Docker's --user against an image's own files."""

from __future__ import annotations

import pytest

from sandbox.oci.users import Identity, UserError, resolve

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


@pytest.mark.parametrize("user", ["nosuch", "mina:nosuch", "70000", "99999999999999999999", "0:70000"])
def test_who_is_not_there_is_refused(user: str) -> None:
    with pytest.raises(UserError):
        resolve(user, PASSWD, GROUP)


def test_a_hostile_passwd_cannot_name_an_id_outside_the_map() -> None:
    with pytest.raises(UserError):
        resolve("evil", "evil:x:4294967295:0::/:/bin/sh\n", "")
