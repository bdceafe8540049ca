"""Which way this machine goes: containers made here, the whole backend in a small guest, or recordings alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.doctor import guest
from sandbox.doctor.needs import NEEDS, ROOT, look
from sandbox.linux import machine
from sandbox.settings import Settings

HERE = "이 컴퓨터에서 바로 컨테이너를 만들어요."
CHOSEN = {
    "guest": "그렇게 정해 두어서, QEMU로 켠 작은 Linux에서 컨테이너를 만들어요.",
    "pages": "그렇게 정해 두어서, 기록만 보여 줘요.",
}


@dataclass(frozen=True, slots=True)
class Way:
    """`name` is what MACHINE= calls it, `why` one Korean sentence."""

    name: Literal["here", "guest", "pages"]
    why: str


def way(settings: Settings) -> Way:
    """How `serve` can run `docker run` lines on this machine. Takes some tenths of a second, and changes nothing.

    Without root, what only root can try counts as there where sudo is. An operator who has chosen another way than the
    usual one gets that.
    """
    if settings.machine != "here":
        return Way(settings.machine, CHOSEN[settings.machine])
    here = lack(settings)
    if not here:
        return Way("here", HERE)
    within = guest.lack(settings)
    if not within:
        return Way("guest", f"{here} 이 컴퓨터 대신, QEMU로 켠 작은 Linux에서 컨테이너를 만들어요.")
    if within == here:
        return Way("pages", f"{here} 컨테이너도 작은 Linux도 켤 수 없으니, 기록만 보여 줘요.")
    return Way("pages", f"{here} 컨테이너를 만들 수 없고 {within} 작은 Linux도 켤 수 없으니, 기록만 보여 줘요.")


def lack(settings: Settings) -> str:
    """The first thing that is missing for containers made here, and that no package brings, as a Korean clause that
    goes on; empty where nothing is."""
    for need in NEEDS:
        if need.lack and not (need is ROOT and machine.has_sudo()):
            seen = look(need, settings)
            if seen.tried and not seen.met:
                return need.lack
    return ""
