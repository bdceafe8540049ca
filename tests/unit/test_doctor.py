"""The doctor: what is looked at, how it is told, and that nothing unmet is ever told as met."""

from __future__ import annotations

import io
import json
import os
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import doctor
from sandbox.doctor import Finding, probes
from sandbox.doctor.advice import always
from sandbox.doctor.needs import NEEDS, Need
from sandbox.doctor.seen import Seen
from sandbox.doctor.ways import Way
from sandbox.settings import Settings

MET = Finding("thing", True, "thing 2.0", "왜 필요한지", "고치는 법", "mend thing")
UNMET = Finding("other thing", False, "not found", "왜 필요한지", "고치는 법", "mend other")


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "way", lambda _: Way("here", "까닭"))


def seen(met: bool) -> Need:
    return Need("thing", lambda _: Seen(met, "what was found"), "왜", always("이렇게", "mend thing"))


def broken(_: Settings) -> Seen:
    raise PermissionError(13, "Permission denied")


def test_a_met_need_takes_one_line_and_an_unmet_one_says_why_and_how() -> None:
    told = doctor.table([MET, UNMET]).splitlines()
    assert told[0] == "✓ thing        thing 2.0"
    assert told[1:5] == ["✗ other thing  not found", "    왜 필요한지", "    고치는 법", "    $ mend other"]
    assert told[-1] == "1가지가 모자라요."


def test_what_is_optional_keeps_nothing_from_starting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    optional = replace(UNMET, optional=True)
    monkeypatch.setattr(doctor, "examine", lambda _: [MET, optional])
    assert doctor.main(Settings()) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "→ MACHINE=here: 까닭"
    assert told[2:6] == ["– other thing  not found", "    왜 필요한지", "    고치는 법", "    $ mend other"]
    assert told[-1] == "꼭 있어야 할 것은 모두 갖춰져 있어요."
    assert doctor.table([UNMET, optional]).endswith("1가지가 모자라요.")


def test_all_met_says_so() -> None:
    assert doctor.table([MET]).endswith("모두 갖춰져 있어요.")


def test_a_need_without_a_command_shows_no_prompt() -> None:
    finding = Finding("thing", False, "gone", "왜", "이렇게", "")
    assert "$" not in doctor.table([finding])


def test_what_a_probe_cannot_look_at_is_not_met() -> None:
    (finding,) = doctor.examine(Settings(), [Need("thing", broken, "왜", always("이렇게"))])
    assert (finding.met, finding.found) == (False, "refused: Permission denied")


def test_a_probe_that_knows_better_gives_its_own_advice() -> None:
    need = replace(seen(False), probe=lambda _: Seen(False, "there, but broken", "다르게"))
    (finding,) = doctor.examine(Settings(), [need])
    assert (finding.why, finding.mend, finding.command) == ("왜", "다르게", "")


def test_what_only_root_can_try_is_not_met_for_anybody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (finding,) = doctor.examine(
        Settings(), [Need("thing", lambda _: Seen(True, ""), "왜", always("이렇게"), as_root=True)]
    )
    assert (finding.met, finding.tried, finding.found) == (False, False, "not tried: it takes root")
    # it may be there all the same, so there is nothing to mend
    first, _, verdict = doctor.table([finding]).splitlines()
    assert first == "? thing  not tried: it takes root"
    assert verdict == "모두 갖춰져 있어요. 1가지는 권한이 있어야 볼 수 있어요."


@pytest.mark.parametrize(("met", "status"), [(True, 0), (False, 1)])
def test_the_exit_status_tells_whether_all_is_met(
    met: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda _: [MET, *([] if met else [UNMET])])
    assert doctor.main(Settings()) == status
    assert ("✗" in capsys.readouterr().out) is not met


def test_programs_get_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(doctor, "examine", lambda _: [UNMET])
    assert doctor.main(Settings(), as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["way"] == {"name": "here", "why": "까닭"}
    (need,) = told["needs"]
    assert need == {"name": "other thing", "met": False, "found": "not found", "why": "왜 필요한지"} | {
        "mend": "고치는 법",
        "command": "mend other",
        "optional": False,
        "tried": True,
    }


def test_serve_is_told_only_what_is_lacking_and_waits_for_nothing_that_it_does_not_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(_: Settings) -> Seen:
        raise AssertionError("looked at what serve starts without")

    missing = replace(seen(False), name="other thing")
    monkeypatch.setattr(
        doctor, "NEEDS", (seen(True), missing, Need("isolation", slow, "왜", always("이렇게"), optional=True))
    )
    assert [finding.name for finding in doctor.unmet(Settings())] == ["other thing"]
    stream = io.StringIO()
    doctor.report(doctor.unmet(Settings()), stream)
    assert stream.getvalue().startswith("✗ other thing")


def test_every_need_explains_itself_in_korean() -> None:
    for need in NEEDS:
        assert any("가" <= letter <= "힣" for letter in need.why), need.name
        assert any("가" <= letter <= "힣" for letter in need.advise(Settings()).mend), need.name
    assert len({need.name for need in NEEDS}) == len(NEEDS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("crun version 1.8.1", (1, 8)),
        ("6.1.0-37-amd64", (6, 1)),
        ("5.19", (5, 19)),
        ("none", (0, 0)),
        ("v4.0-rc1", (4, 0)),
    ],
)
def test_versions_are_numbers_and_not_texts(text: str, expected: tuple[int, int]) -> None:
    assert probes.version(text) == expected


@pytest.mark.parametrize(("release", "met"), [("5.18.19", False), ("5.19.0", True), ("6.1.0-37-amd64", True)])
def test_the_kernel_floor(release: str, met: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "release", lambda: release)
    assert probes.kernel(Settings()).met is met


def test_an_old_crun_is_not_enough(tmp_path: Path) -> None:
    fake = tmp_path / "crun"
    fake.write_text("#!/bin/sh\necho crun version 1.7.2\n")
    fake.chmod(0o755)
    assert probes.crun(Settings(crun=str(fake))) == Seen(False, "crun version 1.7.2")
    assert not probes.crun(Settings(crun=str(tmp_path / "gone"))).met


def test_the_local_registry_must_be_filled_and_a_named_one_is_taken_as_it_is(tmp_path: Path) -> None:
    assert not probes.registry(Settings(data_dir=tmp_path)).met
    assert probes.registry(Settings(data_dir=tmp_path, registry="http://registry.example:5000")).met


def test_a_full_disk_is_found_below_a_state_folder_that_is_not_there_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path / "a/b")
    assert str(tmp_path) in probes.disk(settings).found
    monkeypatch.setattr(probes, "FREE_BYTES", 1 << 60)
    assert not probes.disk(settings).met


def test_a_need_that_is_met_here_can_also_be_unmet() -> None:
    assert [finding.met for finding in doctor.examine(Settings(), [seen(True), seen(False)])] == [True, False]
