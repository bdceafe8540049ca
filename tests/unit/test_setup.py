"""The set-up: pinned by hash, naming no host, and telling what it can do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support import packages

ROOT = Path(__file__).parents[2]
SETUP = ROOT / "sandbox-backend/setup"
LOCKS = ["runtime", "site", "node", "dev", "pyodide"]
# two versions each, told apart by the version of Python
TWICE = {"pymdown-extensions", "soupsieve"}
GOALS = "serve test check site site-offline record fresh bench bench-site soak fuzz guards doctor clean help".split()


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_by_hash_and_names_no_host(name: str) -> None:
    text = (SETUP / f"{name}.txt").read_text()
    blocks = [block for block in re.split(r"\n(?=\S)", text) if block.strip()]
    assert blocks
    for block in blocks:
        assert re.match(r"[a-z0-9-]+==\S+", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
    assert "://" not in text
    assert "--index-url" not in text


@pytest.mark.parametrize("name", LOCKS)
def test_every_wish_has_its_reason_and_is_in_the_lock_file(name: str) -> None:
    locked = (SETUP / f"{name}.txt").read_text()
    for line in (SETUP / f"{name}.in").read_text().splitlines()[1:]:
        wish, _, reason = line.partition("#")
        assert reason.strip(), line
        assert re.search(rf"^{re.escape(re.split('[=<]', wish)[0].strip())}==", locked, re.MULTILINE), line


def test_one_version_of_a_package_in_all_lock_files() -> None:
    seen: dict[str, str] = {}
    for name in LOCKS:
        for package, version in re.findall(
            r"^([a-z0-9-]+)==([^ ]+)", (SETUP / f"{name}.txt").read_text(), re.MULTILINE
        ):
            if package not in TWICE:
                assert seen.setdefault(package, version) == version, package


def test_the_packages_of_the_backend_are_all_locked() -> None:
    project = (ROOT / "sandbox-backend/pyproject.toml").read_text()
    wanted = re.findall(r'^  "([a-z]+)"', project, re.MULTILINE)
    locked = (SETUP / "runtime.txt").read_text()
    assert wanted
    assert all(re.search(rf"^{name}==", locked, re.MULTILINE) for name in wanted)


def test_the_lock_of_npm_names_no_host_and_pins_by_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    del packages[""]
    assert packages
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert package["integrity"].startswith("sha512-"), name


def test_the_wheel_is_built_by_the_release_that_the_browser_runs() -> None:
    wished = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert f"pyodide-build=={wished['pyodide']} " in (SETUP / "pyodide.in").read_text()


def needed(goal: str, machine: str = "here") -> set[str]:
    """The Debian packages of a goal on a machine."""
    return set(packages.wanted(goal, machine))


def required(goal: str) -> set[str]:
    """The requirement files of a goal."""
    cases = re.findall(r"^  ([a-z| ]+)\) requirements=\(([^)]+)\)", (SETUP / "ready").read_text(), re.MULTILINE)
    (files,) = [files for goals, files in cases if goal in goals.split(" | ")]
    return set(files.split())


@pytest.mark.parametrize(
    ("goal", "npm"), [("doctor", False), ("recorder", False), ("check", True), ("record", True), ("serve", True)]
)
def test_who_reads_the_site_gets_npm_as_a_wheel_and_nobody_from_debian(goal: str, npm: bool) -> None:
    assert ("node.txt" in required(goal)) is npm
    assert not {"nodejs", "npm"} & needed(goal)


@pytest.mark.parametrize(("goal", "machine"), [("recorder", "here"), ("site", "here"), ("serve", "pages")])
def test_who_makes_no_container_gets_python_alone(goal: str, machine: str) -> None:
    assert needed(goal, machine) == {"python3-venv"}


def test_a_guest_brings_its_own_runtime() -> None:
    assert not {"crun", "runsc"} & needed("live", "guest")
    assert {"qemu-system-x86", "squashfs-tools"} <= needed("live", "guest")
    assert needed("serve", "guest") == {"python3-venv"}, "the pages come first"


@pytest.mark.parametrize("arguments", [[], ["help"]])
def test_make_tells_every_target(arguments: list[str]) -> None:
    told = subprocess.run(
        ["make", "--no-print-directory", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0
    targets = [line.split()[1] for line in told.stdout.splitlines() if line.startswith("  make ")]
    assert sorted(targets) == sorted(GOALS)
    assert "PORT" in told.stdout


@pytest.mark.parametrize(("given", "folder"), [("DATA=/srv/a b", "/srv/a b"), ("DATA=", f"{ROOT}/.state")])
@pytest.mark.parametrize("target", ["serve", "record", "doctor"])
def test_another_folder_for_data_is_everybodys(target: str, given: str, folder: str) -> None:
    words = ["make", "--no-print-directory", "--dry-run", target, given]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f'--data-dir "{folder}"' in told


def test_make_test_skips_nothing_that_this_machine_can_run() -> None:
    words = ["make", "--no-print-directory", "--dry-run", "test"]
    *_, last = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert last.endswith(" tests/side_by_side.py")
    assert "SANDBOX_MUST_RUN=1 sandbox-backend/setup/with-rights" in last


@pytest.mark.parametrize("sudo", [None, "exit 1", 'shift; [ $# = 0 ] || exec env RAN_BY=sudo "$@"'])
def test_the_doctor_is_asked_with_root_where_that_can_be_had_and_without_where_not(
    sudo: str | None, tmp_path: Path
) -> None:
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    if sudo is not None:
        (tmp_path / "sudo").write_text(f"#!/bin/sh\n{sudo}\n")
    for file in tmp_path.iterdir():
        file.chmod(0o755)
    for name in ("env", "sh", "true"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    script = (
        f". '{SETUP}/common.sh'; . '{SETUP}/machine.sh'; as_root_if_possible sh -c 'echo told by ${{RAN_BY:-nobody}}'"
    )
    words = ["/bin/bash", "-euc", script]
    told = subprocess.run(words, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert told.stdout == f"told by {'sudo' if sudo and 'exec' in sudo else 'nobody'}\n"


def test_a_goal_that_does_not_exist_is_refused() -> None:
    told = subprocess.run([SETUP / "ready", "nosuch"], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "usage" in told.stderr


@pytest.mark.parametrize("workflow", ["ci", "nightly", "pages"])
def test_continuous_integration_pins_what_it_uses(workflow: str) -> None:
    text = (ROOT / f".github/workflows/{workflow}.yml").read_text()
    used = re.findall(r"uses: *(\S+)", text)
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one) for one in used)


def test_the_settings_go_along_through_sudo(tmp_path: Path) -> None:
    for name, does in (("id", "echo 1000"), ("sudo", 'exec env -i PATH="$PATH" "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    given = {"HOST": "::", "HOSTS": "a.example, b:1", "PORT": "9", "SANDBOX_REGISTRY": "http://r:5"}
    script = f". {SETUP}/common.sh; as_root env"
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], env={"PATH": path, **given}, capture_output=True, text=True, check=True
    )
    assert {f"{name}={value}" for name, value in given.items()} <= set(done.stdout.splitlines())


def test_set_up_names_the_packages_that_it_would_bring() -> None:
    named = subprocess.run([SETUP / "ready", "packages"], capture_output=True, text=True, check=True).stdout.split()
    assert {"crun", "qemu-system-x86", "chromium-headless-shell"} <= set(named)
    assert all(re.fullmatch(r"[a-z0-9.+-]+", name) for name in named)


def test_a_test_that_hangs_fails_with_the_place_where_it_hung(tmp_path: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert 60 < settings["timeout"] < 3600
    (tmp_path / "test_hang.py").write_text(
        "import time\n\ndef test_hang():\n    time.sleep(60)\n\ndef test_next(): pass\n"
    )
    method = f"timeout_method={settings['timeout_method']}"
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        os.devnull,
        "-o",
        "timeout=1",
        "-o",
        method,
        "-p",
        "no:cacheprovider",
    ]
    plugins = ["-p", "no:asyncio", "-p", "no:playwright"]
    told = subprocess.run([*words, *plugins, tmp_path], capture_output=True, text=True, check=False, timeout=50).stdout
    assert "1 failed, 1 passed" in told
    assert "time.sleep(60)" in told
    assert "Timeout" in told
