"""Writes QEMU's argv and the kernel's command line. Pure.

The virtual machine is the plainest that boots Debian's kernel reliably: an i440FX board without ACPI, one processor,
one serial port for the kernel's messages, and virtio ports for the program's output. Nothing else of a computer is
there: no network, no disk, no display, no USB. `microvm` would be plainer still, but its only clock to calibrate by is
the PIT, and on a busy machine without KVM one boot in ten hung on it.
"""

from __future__ import annotations

from dataclasses import dataclass

BOARD = "pc,acpi=off,smm=off,vmport=off"
PROGRAM = "/usr/bin/qemu-system-x86_64"
# the code that the emulator has translated; a boot needs about half of it
TRANSLATED_MIB = 64
PORTS = ("stdout", "stderr", "control")
# the kernel's messages stream because nothing says `quiet`; its self-tests of ciphers would take a fifth of the boot
KERNEL = "console=ttyS0 panic=-1 cryptomgr.notests"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where QEMU finds its things, as it sees them: kernel, initial files, and the folder of the pipes that it writes
    to, which are called `boot` and as in PORTS."""

    kernel: str
    initrd: str
    pipes: str


def arguments(memory_mib: int, paths: Paths, *, kvm: bool) -> tuple[str, ...]:
    """The argv that runs a virtual machine until it switches itself off; without `kvm`, by software emulation."""
    accelerator = ("kvm",) if kvm else (f"tcg,tb-size={TRANSLATED_MIB}",)
    argv = [PROGRAM, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-M", BOARD]
    argv += ["-accel", *accelerator, "-cpu", "max", "-smp", "1", "-m", f"{memory_mib}M"]
    argv += ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"]
    argv += ["-kernel", paths.kernel, "-initrd", paths.initrd, "-append", KERNEL]
    argv += [*_pipe("boot", paths), "-serial", "chardev:boot"]
    # without ioeventfd what the program wrote has left the guest before its end is reported
    argv += ["-device", "virtio-serial-pci,ioeventfd=off"]
    for number, name in enumerate(PORTS, 1):
        argv += [*_pipe(name, paths), "-device", f"virtserialport,chardev={name},nr={number},name={name}"]
    return tuple(argv)


def _pipe(name: str, paths: Paths) -> tuple[str, str]:
    return "-chardev", f"file,id={name},path={paths.pipes}/{name}"
