"""Which modules of a kernel a guest loads, and in which order: read from real ELF files that a compiler makes."""

from __future__ import annotations

import lzma
import shutil
import subprocess
from collections.abc import Callable
from graphlib import CycleError
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sandbox.guest import kernel_package, modules
from sandbox.guest.modules import ModuleError

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc here")
# as in Debian's 6.1.0-57-cloud-amd64
DEBIAN = {
    "virtio_ring": (),
    "virtio": ("virtio_ring",),
    "virtio_pci_modern_dev": (),
    "virtio_pci_legacy_dev": (),
    "virtio_pci": ("virtio_ring", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio"),
    "virtio_console": ("virtio", "virtio_ring"),
}


def module(folder: Path, name: str, needs: tuple[str, ...]) -> bytes:
    """An object file with the section that the kernel's build gives a module."""
    info = f'".string \\"license=GPL\\", \\"depends={",".join(needs)}\\", \\"name={name}\\"\\n"'
    source = f'__asm__(".section .modinfo,\\"a\\"\\n" {info} ".previous"); int f(void) {{ return 0; }}'
    file = folder / f"{name}.o"
    subprocess.run(["gcc", "-x", "c", "-c", "-o", file, "-"], input=source.encode(), check=True)
    return file.read_bytes()


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """A kernel's folder of modules, compressed in each of the ways; `virtio_pci_legacy_dev` is built in."""
    folder, work = tmp_path / "6.1.0", tmp_path / "work"
    (folder / "kernel/drivers").mkdir(parents=True)
    work.mkdir()
    forms: list[tuple[str, Callable[[bytes], bytes]]]
    forms = [("", bytes), (".xz", lzma.compress), (".zst", zstandard.compress)]
    for number, (name, needs) in enumerate(DEBIAN.items()):
        ending, pack = forms[number % len(forms)]
        if name != "virtio_pci_legacy_dev":
            (folder / f"kernel/drivers/{name.replace('_', '-')}.ko{ending}").write_bytes(
                pack(module(work, name, needs))
            )
    (folder / "modules.builtin").write_text("kernel/drivers/virtio/virtio_pci_legacy_dev.ko\n")
    return folder


def test_a_module_says_what_it_needs(tmp_path: Path) -> None:
    assert modules.needs(module(tmp_path, "virtio_console", DEBIAN["virtio_console"])) == ("virtio", "virtio_ring")
    assert modules.needs(module(tmp_path, "virtio_ring", ())) == ()


@given(st.binary(max_size=200))
def test_what_is_no_module_is_said_to_be_none(data: bytes) -> None:
    for start in (b"", b"\x7fELF\x02\x01"):
        with pytest.raises(ModuleError, match="not a kernel module"):
            modules.needs(start + data)


def test_a_program_is_no_module() -> None:
    with pytest.raises(ModuleError, match=r"no section \.modinfo"):
        modules.needs(Path(shutil.which("gcc") or "").read_bytes())


def test_what_is_needed_comes_first() -> None:
    order = modules.ordered(["virtio_console", "virtio_pci"], DEBIAN.__getitem__)
    assert sorted(order) == sorted(DEBIAN)
    for name, needed in DEBIAN.items():
        assert all(order.index(other) < order.index(name) for other in needed)


def test_modules_that_need_each_other_are_an_error() -> None:
    with pytest.raises(CycleError):
        modules.ordered(["a"], {"a": ("b",), "b": ("a",)}.__getitem__)


def test_a_file_and_its_module_may_be_written_differently() -> None:
    assert modules.name_of("virtio-rng.ko.zst") == modules.name_of("virtio_rng.ko") == "virtio_rng"


def test_compressed_modules_come_out_plain_and_built_in_ones_not_at_all(kernel: Path, tmp_path: Path) -> None:
    selected = kernel_package.select(kernel, ["virtio_pci", "virtio_console"])
    names = [name for name, _ in selected]
    assert sorted(names) == sorted(set(DEBIAN) - {"virtio_pci_legacy_dev"})
    assert names.index("virtio_ring") < names.index("virtio") < names.index("virtio_pci")
    assert all(modules.needs(content) == DEBIAN[name] for name, content in selected)


def test_the_files_written_are_named_in_the_order_to_load_them(kernel: Path, tmp_path: Path) -> None:
    assert kernel_package.main(str(kernel), str(tmp_path), "virtio_console") == 0
    written = sorted(path.name for path in tmp_path.glob("*.ko"))
    assert written == ["00-virtio_ring.ko", "01-virtio.ko", "02-virtio_console.ko"]


def test_a_module_that_is_nowhere_is_named(kernel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kernel_package.main(str(kernel), str(tmp_path), "virtio_net") == 1
    assert "virtio_net is neither in" in capsys.readouterr().err
