"""The words that start the guest: QEMU's arguments and the kernel's command line."""

from __future__ import annotations

from dataclasses import dataclass

PROGRAM = "qemu-system-x86_64"
# without the vectors of newer processors, which cost the emulator more than they bring: Python starts a tenth sooner
EMULATED = "Nehalem,+rdrand,+rdseed"
PROCESSORS = 2
# the code that the emulator has translated
TRANSLATED_MIB = 256
# the self-tests of ciphers take a fifth of a boot under emulation; what mitigations protect from each other are
# processes of an emulated processor, whose speculation no guest sees
KERNEL = "console=ttyS0 loglevel=4 panic=-1 cryptomgr.notests mitigations=off"


@dataclass(frozen=True, slots=True)
class VirtualMachine:
    """The files that it is made of, MiB of memory, the port of the machine's loopback that leads to the guest's own
    `inside`, and whether the guest may reach the outside's network, which a registry there needs."""

    kernel: str
    initrd: str
    system: str
    data: str
    memory: int
    outside: int
    inside: int
    network: bool = False


def arguments(machine: VirtualMachine, control: int, *, kvm: bool) -> tuple[str, ...]:
    """The command that runs the guest until it restarts. Its first serial line is standard output, its second the
    socket `control`; what it writes to its disks is gone with it."""
    accelerator = ("kvm",) if kvm else (f"tcg,thread=multi,tb-size={TRANSLATED_MIB}",)
    words = [
        PROGRAM,
        "-nodefaults",
        "-no-user-config",
        "-no-reboot",
        "-display",
        "none",
        "-M",
        "q35,smm=off,vmport=off",
    ]
    words += ["-accel", *accelerator, "-cpu", "max" if kvm else EMULATED, "-smp", str(PROCESSORS)]
    words += ["-m", f"{machine.memory}M"]
    words += ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"]
    words += ["-kernel", machine.kernel, "-initrd", machine.initrd, "-append", KERNEL]
    words += ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
    words += ["-chardev", f"socket,id=control,fd={control}", "-serial", "chardev:control"]
    words += ["-drive", f"if=virtio,format=raw,readonly=on,file={_value(machine.system)}"]
    words += ["-drive", f"if=virtio,format=raw,snapshot=on,file={_value(machine.data)}"]
    restrict = "off" if machine.network else "on"
    forward = f"tcp:127.0.0.1:{machine.outside}-:{machine.inside}"
    words += ["-netdev", f"user,id=net,restrict={restrict},hostfwd={forward}", "-device", "virtio-net-pci,netdev=net"]
    return tuple(words)


def _value(text: str) -> str:
    """As QEMU reads it in a list of options, where a comma ends one."""
    return text.replace(",", ",,")
