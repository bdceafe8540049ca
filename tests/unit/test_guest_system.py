"""What the guest is put together of: its Python packages, its first files, what the outside brings along."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from sandbox.guest import inside, system
from sandbox.settings import Settings
from unit.test_vm import unpacked

BACKEND = Path(__file__).parents[2] / "sandbox-backend"


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """An unpacked kernel package that has every driver built in but two."""
    folder = tmp_path / "kernel/lib/modules/6.1.0"
    (folder / "kernel").mkdir(parents=True)
    built_in = [name for name in system.DRIVERS if name not in ("loop", "veth")]
    (folder / "modules.builtin").write_text("".join(f"kernel/{name}.ko\n" for name in built_in))
    return tmp_path / "kernel"


def test_the_backend_gets_every_package_that_it_needs_and_what_these_need() -> None:
    found = system.needed(system.DISTRIBUTION)
    project = tomllib.loads((BACKEND / "pyproject.toml").read_text())["project"]
    named = {system._name(line) for line in project["dependencies"]}
    assert named <= found
    assert {"h11", "idna"} <= found, "uvicorn's and anyio's own"
    assert not {"pytest", "mkdocs", system.DISTRIBUTION} & found


def test_a_package_is_copied_whole_and_without_its_programs_and_bytecode(tmp_path: Path) -> None:
    system.copy({"h11", "no-such-package"}, tmp_path)
    assert (tmp_path / "h11/__init__.py").read_bytes()
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"h11"}
    assert not list(tmp_path.rglob("*.pyc"))
    program = "import h11; print(h11.__file__)"
    words = ["/usr/bin/env", f"PYTHONPATH={tmp_path}", "python3", "-c", program]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.startswith(str(tmp_path))


def test_a_system_is_laid_out_for_a_file_system_that_nobody_can_write_to(tmp_path: Path) -> None:
    system.lay_out(tmp_path / "root", BACKEND / "guest/backend/init")
    root = tmp_path / "root"
    assert (root / "etc/ld.so.cache").readlink() == Path("/run/ld.so.cache")
    assert "ldconfig -C /run/ld.so.cache" in (root / "init").read_text()
    assert (root / "init").stat().st_mode & 0o111
    for name in ("proc", "sys/fs/cgroup", "data", "run"):
        assert (root / name).is_dir()


def test_the_first_files_are_an_archive_with_the_drivers_in_their_order(kernel: Path, tmp_path: Path) -> None:
    root, init = tmp_path / "root", BACKEND / "guest/backend/initrd-init"
    (root / "bin").mkdir(parents=True)
    (root / "bin/busybox").write_bytes(b"#!busybox")
    modules = kernel / "lib/modules/6.1.0/kernel"
    _module(modules / "veth.ko", "")
    _module(modules / "loop.ko", "veth")
    found = unpacked(system.initrd(root, kernel, init))
    assert found["init"] == (0o100755, init.read_bytes())
    assert found["bin/busybox"] == (0o100755, b"#!busybox")
    assert found["modules/order"][1].decode().split() == ["veth", "loop"], "as loop needs veth here"
    assert found["modules/veth"][1] == (modules / "veth.ko").read_bytes()


def _module(file: Path, needs: str) -> None:
    source = f'__asm__(".section .modinfo,\\"a\\"\\n.string \\"depends={needs}\\"\\n.previous");'
    subprocess.run(["gcc", "-x", "c", "-c", "-o", file, "-"], input=source.encode(), check=True)


def test_what_the_outside_brings_along_is_read_behind_the_first_files() -> None:
    text = inside.settings(Settings(slots=3), emulated=True).encode()
    found = unpacked(system.archived({"settings.toml": text}))
    assert found["outside"][0] & 0o040000
    assert found["outside/settings.toml"] == (0o100755, text)
