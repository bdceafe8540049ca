"""What the backend needs of the machine, and what to do where it is not there.

In the order that they are looked at: who we are and what the kernel lets us do, room, packages, and the rest.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.doctor import advice, probes, trials
from sandbox.doctor.advice import Advise
from sandbox.doctor.seen import Seen, plain
from sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class Need:
    """`why` is Korean and shown with the advice when the need is not met. A need `as_root` can be looked at with the
    privileges alone that stand above it. Without an `optional` one, all else works. With a `lack`, a Korean clause that
    goes on, no package mends it: containers are not made on a machine where it is not met."""

    name: str
    probe: Callable[[Settings], Seen]
    why: str
    advise: Advise
    as_root: bool = False
    optional: bool = False
    lack: str = ""


def look(need: Need, settings: Settings, without: str = "") -> Seen:
    """What its probe sees; what it cannot look at is not met. `without` names a privilege that is missing."""
    if need.as_root and (without or os.geteuid() != 0):
        return Seen(False, f"not tried: it takes {without or 'root'}", tried=False)
    try:
        return need.probe(settings)
    except (OSError, subprocess.SubprocessError) as error:
        return Seen(False, plain(error))


ROOT = Need(
    "root",
    probes.root,
    "컨테이너를 만들고 자원 한도를 거는 일은 root만 할 수 있어요.",
    advice.root,
    lack="root가 아니고 sudo도 쓸 수 없어서",
)
CAPABILITY = Need(
    "CAP_SYS_ADMIN",
    probes.privilege,
    "네임스페이스를 만들고 마운트할 때 커널이 묻는 권한이에요.",
    advice.privilege,
    lack="CAP_SYS_ADMIN을 얻을 수 없어서",
)
MOUNTS = Need(
    "namespaces, mounts",
    trials.mounting,
    "컨테이너는 제 네임스페이스에서 제 파일 시스템을 마운트해요.",
    advice.mounts,
    as_root=True,
    lack="seccomp이나 AppArmor가 네임스페이스나 마운트를 막아서",
)
# without one of these, what only root can try would only say the same again
PRIVILEGES = (ROOT, CAPABILITY, MOUNTS)
NEEDS: tuple[Need, ...] = (
    *PRIVILEGES,
    Need(
        "x86-64 or arm64",
        probes.architecture,
        "시스템 호출 거르개가 이 두 가지만 알아요.",
        advice.always("다른 컴퓨터가 필요해요."),
        lack="x86-64도 arm64도 아니라서",
    ),
    Need(
        "Linux 5.19 or later",
        probes.kernel,
        "이미지 층을 컨테이너마다 다른 사용자로 보이게 겹치려면 이 커널부터 필요해요.",
        advice.kernel,
        lack="커널이 5.19보다 낮아서",
    ),
    Need(
        "cgroups: memory, cpu, pids, io",
        probes.control_groups,
        "메모리, CPU, 프로세스 수, 입출력 한도를 거는 커널 기능이에요.",
        advice.control_groups,
        lack="쓸 수 있는 cgroup이 없어서",
    ),
    Need(
        "user namespaces",
        trials.user_namespaces,
        "컨테이너 안의 root가 이 컴퓨터에서는 아무도 아니게 하는 기능이에요.",
        advice.user_namespaces,
        as_root=True,
        lack="사용자 네임스페이스를 만들 수 없어서",
    ),
    Need(
        "seccomp filters",
        probes.seccomp_filters,
        "컨테이너가 부를 수 있는 시스템 호출을 줄이는 커널 기능이에요.",
        advice.always("CONFIG_SECCOMP_FILTER가 켜진 커널이 필요해요."),
        lack="seccomp 거르개가 없는 커널이라서",
    ),
    Need(
        "disk",
        probes.disk,
        "내려받은 이미지를 펼쳐 둘 자리예요.",
        advice.always("자리를 비우거나 DATA로 다른 폴더를 정해 주세요."),
        lack="디스크가 모자라서",
    ),
    Need(
        "overlay, tmpfs, id-mapped mounts",
        trials.root_file_systems,
        "컨테이너의 루트 파일 시스템을 만드는 마운트예요. 데이터 폴더가 놓인 파일 시스템에서 시험해요.",
        advice.layers,
        as_root=True,
        lack="데이터 폴더에서 이미지 층을 마운트할 수 없어서",
    ),
    Need(
        "libseccomp 2.5 or later",
        probes.libseccomp,
        "시스템 호출 거르개를 미리 만드는 라이브러리예요.",
        advice.install("libseccomp2"),
    ),
    Need(
        "crun 1.8 or later",
        probes.crun,
        "컨테이너 프로세스를 실제로 시작하는 프로그램이에요.",
        advice.install("crun"),
    ),
    Need(
        "busybox",
        probes.program("busybox"),
        "켜질 때 스스로 시험하는 컨테이너의 내용이에요. 라이브러리 없이 도는 것이어야 해요.",
        advice.install("busybox-static"),
    ),
    Need(
        "tini-static",
        probes.program("tini-static"),
        "docker run --init 이 컨테이너의 첫 프로세스로 쓰는 작은 프로그램이에요.",
        advice.install("tini"),
    ),
    Need(
        "setpriv",
        probes.program("setpriv"),
        "레지스트리를 권한 없는 사용자로 켜는 프로그램이에요.",
        advice.install("util-linux"),
    ),
    Need(
        "registry",
        probes.registry,
        "이미지를 내려받을 곳이에요. 따로 정하지 않으면 내장 레지스트리를 써요.",
        advice.always(
            "체크아웃에서 아래를 실행하면 내장 레지스트리가 채워져요. 다른 레지스트리는 SANDBOX_REGISTRY로 정해요.",
            "make serve",
        ),
    ),
    Need(
        "slow disks: mkfs.ext4, loop devices",
        trials.slow_disks,
        "--device-write-bps 와 --device-read-bps 를 적은 실행에 주는 디스크예요. 없으면 그 옵션만 거절해요.",
        advice.slow_disks,
        as_root=True,
        optional=True,
    ),
    Need(
        "networks: iproute2, bridge, veth, sch_tbf",
        trials.bridges,
        "--network bridge 를 적은 실행끼리 잇는 네트워크예요. 없으면 그 옵션만 거절해요.",
        advice.bridges,
        as_root=True,
        optional=True,
    ),
    Need(
        "isolation gvisor: runsc",
        probes.gvisor,
        "gVisor와 견주는 데모에 써요. 없어도 나머지는 그대로예요.",
        advice.install("runsc"),
        optional=True,
    ),
    Need(
        "isolation vm: QEMU, kernel",
        trials.vms,
        "가상 머신과 견주는 데모에 써요. 없어도 나머지는 그대로예요.",
        advice.always("체크아웃에서 아래를 실행하면 QEMU와 커널이 준비돼요.", "make serve"),
        as_root=True,
        optional=True,
    ),
    Need(
        "isolation vm: KVM",
        trials.kvm,
        "가상 머신이 더 빨리 켜져요. 없으면 소프트웨어로 흉내 내서 돌아요.",
        advice.kvm,
        as_root=True,
        optional=True,
    ),
)
