"""What to do about a need that is not met, on this very machine: a container's kernel is not its own to change, and a
module that is not there cannot be loaded."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.doctor import guest
from sandbox.linux import machine
from sandbox.runner.kernel import cgroup
from sandbox.settings import Settings

SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
GRUB = (
    "echo 'GRUB_CMDLINE_LINUX=cgroup_enable=memory' | {sudo}tee /etc/default/grub.d/cgroup.cfg"
    " && {sudo}update-grub && {sudo}reboot"
)


@dataclass(frozen=True, slots=True)
class Advice:
    """`mend` is Korean and says what to do; `command` can be pasted, and may be empty."""

    mend: str
    command: str = ""


Advise = Callable[[Settings], Advice]


def always(mend: str, command: str = "") -> Advise:
    """The same on every machine."""
    return lambda _: Advice(mend, command)


def install(package: str) -> Advise:
    """Debian's package, or the program's name where there are other packages."""

    def advise(_: Settings) -> Advice:
        if shutil.which("apt-get"):
            return Advice("설치해 주세요.", f"{_sudo()}apt-get install {package}")
        return Advice(f"이 배포판에서 {package}에 해당하는 패키지를 설치해 주세요.")

    return advise


def root(settings: Settings) -> Advice:
    again = shlex.join(sys.orig_argv)
    if _sudo():
        return Advice("관리자 권한으로 다시 실행해 주세요.", f"sudo {again}")
    if machine.in_container():
        return _or_guest("컨테이너를 root로 켜 주세요(--user root).", settings)
    return _or_guest("sudo가 없으니 root로 들어와서 다시 실행해 주세요.", settings)


def privilege(settings: Settings) -> Advice:
    if machine.in_user_namespace():
        return _or_guest("사용자 네임스페이스(rootless) 안의 root예요. 그 바깥의 root로 켜 주세요.", settings)
    if machine.in_container():
        return _or_guest("컨테이너를 --privileged로 다시 켜 주세요.", settings)
    return _or_guest("이 셸을 연 프로그램이 권한을 덜어 냈어요. 보통의 셸에서 다시 실행해 주세요.", settings)


def mounts(settings: Settings) -> Advice:
    if not machine.in_container():
        return _or_guest("seccomp이나 AppArmor가 이 셸을 막고 있어요. 막지 않는 셸에서 다시 실행해 주세요.", settings)
    options = [f"--security-opt {name}=unconfined" for name in machine.confined_by()]
    return _or_guest(f"컨테이너를 {' '.join(options) or '--privileged'}로 다시 켜 주세요.", settings)


def control_groups(settings: Settings) -> Advice:
    if machine.in_container():
        return _or_guest("컨테이너를 --privileged로 다시 켜 주세요. 지금은 cgroup을 읽을 수만 있어요.", settings)
    if cgroup.layout() == "none":
        return Advice("cgroup을 마운트해 주세요.", f"{_sudo()}mount -t cgroup2 cgroup2 {cgroup.MOUNT}")
    if not machine.control_group_is_off("memory"):
        return _or_guest("이 컨트롤러들을 가진 커널에서, cgroup에 쓸 수 있게 켜 주세요.", settings)
    command = GRUB.format(sudo=_sudo()) if Path("/etc/default/grub").exists() else ""
    return Advice("커널 명령줄에 cgroup_enable=memory를 적고 다시 켜 주세요.", command)


def kernel(settings: Settings) -> Advice:
    if machine.in_container():
        return _or_guest("커널은 컨테이너 바깥 기계의 것이니, 그 기계의 커널을 올려야 해요.", settings)
    debian = "linux-image-$(dpkg --print-architecture)"
    command = f"{_sudo()}apt-get install {debian} && {_sudo()}reboot" if machine.is_debian() else ""
    return Advice("새 커널을 설치하고 다시 켜 주세요.", command)


def user_namespaces(settings: Settings) -> Advice:
    if machine.setting("user/max_user_namespaces") != "0":
        return _or_guest("사용자 네임스페이스(CONFIG_USER_NS)를 쓸 수 있는 커널이 필요해요.", settings)
    if machine.in_container():
        return _or_guest("컨테이너 바깥 기계에서 user.max_user_namespaces를 올려야 해요.", settings)
    return Advice("사용자 네임스페이스를 켜 주세요.", f"{_sudo()}sysctl -w user.max_user_namespaces=65536")


def layers(settings: Settings) -> Advice:
    if machine.module_would_help("overlay"):
        return Advice("overlay 모듈을 올려 주세요.", f"{_sudo()}modprobe overlay")
    return _or_guest("DATA에 ext4, xfs, btrfs 가운데 하나에 있는 폴더를 정해 주세요.", settings)


def slow_disks(settings: Settings) -> Advice:
    if not shutil.which("mkfs.ext4", path=SEARCH):
        return install("e2fsprogs")(settings)
    return _modules("loop")


def bridges(settings: Settings) -> Advice:
    if not all(shutil.which(program, path=SEARCH) for program in ("ip", "bridge", "tc")):
        return install("iproute2")(settings)
    return _modules("bridge", "veth", "sch_tbf")


def kvm(_: Settings) -> Advice:
    if machine.in_container():
        return Advice("바깥 기계에 /dev/kvm이 있으면 컨테이너를 --device /dev/kvm으로 켜 주세요.")
    if named := [name for name in ("kvm_intel", "kvm_amd") if machine.module_would_help(name)]:
        return Advice("모듈을 올려 주세요.", " || ".join(f"{_sudo()}modprobe {name}" for name in named))
    return Advice("펌웨어 설정에서 가상화를 켜 주세요. 이 컴퓨터도 가상 머신이라면 바깥에서 중첩 가상화를 켜야 해요.")


def _modules(*names: str) -> Advice:
    if named := [name for name in names if machine.module_would_help(name)]:
        return Advice("모듈을 올려 주세요.", f"{_sudo()}modprobe -a {' '.join(named)}")
    every = ", ".join(names)
    if machine.in_container():
        return Advice(f"컨테이너를 --privileged로 켜 주세요. 그래도 없으면 바깥 기계에 모듈({every})을 올려야 해요.")
    return Advice(f"이 커널에서는 쓸 수 없어요. 필요하면 모듈({every})이 있는 커널로 바꿔 주세요.")


def _or_guest(mend: str, settings: Settings) -> Advice:
    """With the way that needs none of it, where that can be gone."""
    if guest.lack(settings):
        return Advice(mend)
    return Advice(f"{mend} 그대로 쓰려면 작은 Linux를 QEMU로 켜세요.", "make serve MACHINE=guest")


def _sudo() -> str:
    return "sudo " if os.geteuid() != 0 and machine.has_sudo() else ""
