"""Which way a machine goes is found out before anything is installed: quickly, and with a remedy."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import reachable
from support.backend import REPOSITORY

SETUP = REPOSITORY / "sandbox-backend/setup"
SECONDS = 2.0
# a sudo that is installed might make anybody root
CHOICE = f"""command() {{ [ "$*" != "-v sudo" ] && builtin command "$@"; }}
cd {REPOSITORY}; . {SETUP}/common.sh; . {SETUP}/machine.sh; check_settings; choose_machine; echo $machine"""
NOBODY = (*reachable.checkout(), "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
NO_CAPABILITY = ("setpriv", "--bounding-set=-all")


@dataclass(frozen=True)
class Choice:
    """How looking at this machine ended: the status, what was printed (the way last), what went to stderr."""

    code: int
    said: list[str]
    err: str


def chosen(within: Sequence[str] = (), program: Sequence[str] = ("bash", "-euc", CHOICE), **settings: str) -> Choice:
    """Look at this machine, with a program before it that executes the words after its own."""
    environ = {"PATH": os.environ["PATH"], **settings}
    begun = time.monotonic()
    done = subprocess.run([*within, *program], env=environ, capture_output=True, text=True, check=False)
    assert time.monotonic() - begun < SECONDS
    return Choice(done.returncode, done.stdout.split("\n")[:-1], done.stderr.strip())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("PORT", value) for value in ("0", "00", "65536", "99999", "123456", "-1", "1x", "80 ", "0x50")),
        *(("MACHINE", value) for value in ("vm", "Guest", "here guest")),
        *(("SANDBOX_REGISTRY", value) for value in ("registry.example:5000", "ftp://registry.example", "http://")),
        *(("SANDBOX_REGISTRY", f"http://{value}") for value in ("/x", "me@a.example", "a:70000", "a b", "[::1")),
        *(("HOST", value) for value in ("http://localhost", "localhost:8000", "a b", "*")),
        *(("HOSTS", value) for value in ("https://docs.example", "a.example,b.example/x", "a:0", "*", "a;b")),
    ],
)
@pytest.mark.parametrize("goal", ["serve", "test", "record"])
def test_a_setting_that_cannot_be_used_is_named_before_anything_is_done(name: str, value: str, goal: str) -> None:
    found = chosen((), (str(SETUP / "ready"), goal), **{name: value})
    assert (found.code, found.said) == (2, [])
    assert found.err.startswith(f"» {name}={value}: ")
    assert len(found.err.splitlines()) == 1


@pytest.mark.parametrize("value", ["1", "65535", "08000"])
def test_a_port_that_there_is_may_be_used(value: str) -> None:
    assert chosen(PORT=value, MACHINE="pages").code == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("SANDBOX_REGISTRY", f"http{value}") for value in ("://a.example", "s://[::1]:5000/v2", "://a_b:5000/")),
        *(("HOST", value) for value in ("0.0.0.0", "::1", "[::1]", "localhost", "my-pc.example", "fe80::1%eth0")),
        *(("HOSTS", value) for value in ("localhost:9000, a.example  [::1]:1,", "a_b.example", "\ta.example\n")),
    ],
)
def test_a_name_that_a_browser_shows_may_be_used(name: str, value: str) -> None:
    assert chosen(MACHINE="pages", **{name: value}) == Choice(0, ["pages"], "")


def test_pages_are_what_every_machine_can_have() -> None:
    assert chosen(MACHINE="pages") == Choice(0, ["pages"], "")


@pytest.mark.root
def test_an_ordinary_user_gets_a_guest_and_is_told_why() -> None:
    found = chosen(NOBODY)
    assert (found.code, found.said[-1]) == (0, "guest")
    assert "root가 아니고 sudo도 쓸 수 없어요" in found.said[-2]


@pytest.mark.root
def test_a_root_without_the_capability_gets_a_guest_and_is_told_why() -> None:
    found = chosen(NO_CAPABILITY)
    assert (found.code, found.said[-1]) == (0, "guest")
    assert "CAP_SYS_ADMIN" in found.said[-2]


@pytest.mark.root
@pytest.mark.parametrize(("within", "lack"), [(NO_CAPABILITY, "CAP_SYS_ADMIN"), (NOBODY, "sudo")])
def test_containers_here_where_none_can_be_made_are_refused_with_the_reason(within: Sequence[str], lack: str) -> None:
    found = chosen(within, MACHINE="here")
    assert found.code == 2
    assert found.err.startswith("» MACHINE=here: ")
    assert lack in found.err


@pytest.mark.root
@pytest.mark.parametrize("container", ["", "docker"])
def test_the_remedy_works_on_this_very_machine(container: str) -> None:
    found = chosen(NO_CAPABILITY, MACHINE="here", container=container)
    if container or Path("/.dockerenv").exists():
        assert "docker run --privileged" in found.err
    assert not {"grub", "modprobe"} & set(found.err.lower().split())


@pytest.mark.root
def test_a_guest_may_be_chosen_anywhere() -> None:
    assert chosen(MACHINE="guest") == chosen(NO_CAPABILITY, MACHINE="guest") == Choice(0, ["guest"], "")


@pytest.mark.root
@pytest.mark.parametrize(("within", "uid"), [((), 0), (NOBODY, 65534)])
@pytest.mark.parametrize("machine", ["guest", "pages"])
def test_what_runs_outside_of_containers_runs_as_whoever_asked_and_knows_the_way(
    within: Sequence[str], uid: int, machine: str
) -> None:
    program = (str(SETUP / "with-rights"), "sh", "-c", 'echo "$(id -u) $MACHINE ${SANDBOX_MUST_RUN:-}"')
    assert chosen(within, program, MACHINE=machine).said == [f"{uid} {machine} "]
