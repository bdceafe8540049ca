"""The words that start the guest, and the settings that its backend finds."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sandbox import settings as knobs
from sandbox.guest import command, inside
from sandbox.model.plan import Limits
from sandbox.settings import Settings

MACHINE = command.VirtualMachine(
    "/g/vmlinuz", "/g/initrd", "/g/system", "/g/data", memory=900, outside=41234, inside=8000
)
CONTROL = 7


def argv(kvm: bool = False, **changes: Any) -> tuple[str, ...]:
    return command.arguments(dataclasses.replace(MACHINE, **changes), CONTROL, kvm=kvm)


def values(option: str, given: tuple[str, ...]) -> list[str]:
    """What stands behind each `option`."""
    return [after for word, after in pairwise(given) if word == option]


def test_without_a_registry_the_guest_reaches_nothing_outside_and_one_port_of_loopback_leads_in() -> None:
    (net,) = values("-netdev", argv())
    assert net.split(",") == ["user", "id=net", "restrict=on", "hostfwd=tcp:127.0.0.1:41234-:8000"]


def test_a_registry_of_the_outside_takes_the_outsides_network() -> None:
    (net,) = values("-netdev", argv(network=True))
    assert "restrict=off" in net
    assert net.count("hostfwd") == 1


def test_qemu_may_start_nothing_and_become_nobody_else() -> None:
    (sandbox,) = values("-sandbox", argv())
    assert sandbox.split(",")[0] == "on"
    assert {"elevateprivileges=deny", "spawn=deny", "resourcecontrol=deny", "obsolete=deny"} <= set(sandbox.split(","))


def test_the_guest_has_only_what_is_named_and_what_it_writes_is_gone_with_it() -> None:
    given = argv()
    assert {"-nodefaults", "-no-user-config", "-no-reboot"} <= set(given)
    system, data = values("-drive", given)
    assert "readonly=on" in system.split(",")
    assert "snapshot=on" in data.split(",")
    assert values("-chardev", given)[1] == f"socket,id=control,fd={CONTROL}"


@pytest.mark.parametrize(("kvm", "accelerator"), [(True, "kvm"), (False, "tcg,thread=multi,tb-size=256")])
def test_it_is_emulated_unless_kvm_is_wanted(kvm: bool, accelerator: str) -> None:
    assert values("-accel", argv(kvm)) == [accelerator]


@pytest.mark.parametrize("path", ["/a,b/data", "/g/data"])
def test_a_comma_in_a_path_is_not_the_beginning_of_an_option(path: str) -> None:
    drive = values("-drive", argv(data=path))[1]
    assert drive.endswith(f"file={path.replace(',', ',,')}")


def loaded(outside: Settings, folder: Path, *, emulated: bool = True) -> Settings:
    """The settings that the guest's backend reads."""
    file = folder / "settings.toml"
    file.write_text(inside.settings(outside, emulated=emulated))
    return knobs.load(file, {})


def test_what_the_operator_has_changed_is_so_in_the_guest(tmp_path: Path) -> None:
    limits = Limits(seconds=7.5, pids=11)
    outside = Settings(machine="guest", port=9000, slots=3, origins=("https://a.example",), limits=limits)
    found = loaded(outside, tmp_path)
    assert (found.port, found.slots, found.origins, found.limits) == (9000, 3, ("https://a.example",), limits)


def test_what_the_guest_is_itself_is_not_taken_from_outside(tmp_path: Path) -> None:
    folder = Path("/home/somebody")
    outside = Settings(machine="guest", site=folder, data_dir=folder, run_dir=folder, cgroup="own", crun="/opt/crun")
    found = loaded(outside, tmp_path)
    assert (found.machine, found.site, found.data_dir) == ("here", Path("/opt/sandbox/site"), Path("/data"))
    assert (found.crun, found.cgroup, found.run_dir) == ("crun", "docker-run-sandbox-8000", Settings().run_dir)
    assert found.proxy_protocol


@pytest.mark.parametrize("emulated", [True, False])
def test_readers_are_told_of_emulation_where_it_is(emulated: bool, tmp_path: Path) -> None:
    assert loaded(Settings(machine="guest"), tmp_path, emulated=emulated).emulated is emulated


@pytest.mark.parametrize(
    ("set_to", "emulated", "found"), [(20.0, True, 60.0), (20.0, False, 20.0), (7.5, True, 7.5), (300.0, True, 300.0)]
)
def test_a_run_may_take_longer_where_it_is_emulated_unless_the_operator_has_set_how_long(
    set_to: float, emulated: bool, found: float, tmp_path: Path
) -> None:
    outside = Settings(limits=Limits(seconds=set_to))
    assert loaded(outside, tmp_path, emulated=emulated).limits == Limits(seconds=found)


@pytest.mark.parametrize(
    ("named", "reached"),
    [
        ("", ""),
        ("http://127.0.0.1:5000", "http://10.0.2.2:5000"),
        ("http://localhost:5000", "http://10.0.2.2:5000"),
        ("http://[::1]:5000/v", "http://10.0.2.2:5000/v"),
        ("http://localhost", "http://10.0.2.2"),
        ("https://registry.example", "https://registry.example"),
    ],
)
def test_a_registry_on_the_outsides_loopback_is_reached_through_the_guests_gateway(
    named: str, reached: str, tmp_path: Path
) -> None:
    assert loaded(Settings(registry=named), tmp_path).registry == reached


@pytest.mark.parametrize(
    ("host", "hosts", "answered"),
    [
        ("127.0.0.1", (), ("127.0.0.1:8000",)),
        ("fd00::7", ("docs.example",), ("[fd00::7]:8000", "docs.example")),
        ("0.0.0.0", ("docs.example",), ("docs.example",)),
        ("::", (), ()),
    ],
)
def test_the_guest_answers_to_the_names_of_the_outside(
    host: str, hosts: tuple[str, ...], answered: tuple[str, ...], tmp_path: Path
) -> None:
    found = loaded(Settings(listen=host, allowed_hosts=hosts), tmp_path)
    assert (found.listen, found.allowed_hosts) == ("0.0.0.0", answered)
