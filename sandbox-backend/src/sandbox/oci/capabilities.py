"""Lists the kernel's capabilities and the ones that a container keeps. Pure."""

from __future__ import annotations

from collections.abc import Iterable

# by their numbers: capabilities(7), Linux 6.1
NAMES = """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
    NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
    SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
    MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
    """.split()
# Docker's default set without MKNOD, AUDIT_WRITE and SETFCAP: nothing on these pages needs them
_DEFAULT = """
    CHOWN DAC_OVERRIDE FSETID FOWNER SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT KILL
    """.split()


def short(name: str) -> str:
    """A name of any spelling as it stands in NAMES: in capitals and without `CAP_`."""
    return name.upper().removeprefix("CAP_")


def kept(dropped: Iterable[str]) -> list[str]:
    """The default capabilities without those that are `dropped`, where `ALL` drops every one."""
    names = set(map(short, dropped))
    return [] if "ALL" in names else [f"CAP_{name}" for name in _DEFAULT if name not in names]


def from_bits(bits: int) -> tuple[str, ...]:
    """The names of a set that the kernel shows as a bit mask."""
    return tuple(f"CAP_{name}" for number, name in enumerate(NAMES) if bits >> number & 1)
