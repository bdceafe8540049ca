"""What the backend needs of the machine, and what to do where it is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.doctor import probes, trials
from sandbox.doctor.probes import Seen
from sandbox.settings import Settings


@dataclass(frozen=True, slots=True)
class Need:
    """`why` and `mend` are Korean and shown when the need is not met; `command` can be pasted, and may be empty.
    A need with `as_root` cannot be looked at by anybody else. Without an `optional` one, all else works."""

    name: str
    probe: Callable[[Settings], Seen]
    why: str
    mend: str
    command: str = ""
    as_root: bool = False
    optional: bool = False


def _package(name: str) -> str:
    return f"sudo apt-get install {name}"


NEEDS: tuple[Need, ...] = (
    Need(
        "root",
        probes.root,
        "컨테이너를 만들고 자원 한도를 거는 일은 root만 할 수 있어요.",
        "관리자 권한으로 다시 실행해 주세요.",
        "sudo sandbox-backend doctor",
    ),
    Need(
        "x86-64 or arm64",
        probes.architecture,
        "시스템 호출 거르개가 이 두 가지만 알아요.",
        "다른 컴퓨터가 필요해요.",
    ),
    Need(
        "Linux 5.19 or later",
        probes.kernel,
        "이미지 층을 컨테이너마다 다른 사용자로 보이게 겹치려면 이 커널부터 필요해요.",
        "새 커널을 설치하고 다시 켜 주세요.",
        "sudo apt-get install linux-image-$(dpkg --print-architecture) && sudo reboot",
    ),
    Need(
        "cgroups: memory, cpu, pids, io",
        probes.control_groups,
        "메모리, CPU, 프로세스 수, 입출력 한도를 거는 커널 기능이에요.",
        "이 컴퓨터가 컨테이너라면 --privileged로 켜고, 아니라면 커널 명령줄에서 메모리 컨트롤러를 켜 주세요.",
        "echo 'GRUB_CMDLINE_LINUX=cgroup_enable=memory' | sudo tee /etc/default/grub.d/cgroup.cfg"
        " && sudo update-grub && sudo reboot",
        as_root=True,
    ),
    Need(
        "user namespaces",
        trials.user_namespaces,
        "컨테이너 안의 root가 이 컴퓨터에서는 아무도 아니게 하는 기능이에요.",
        "사용자 네임스페이스를 켜 주세요.",
        "sudo sysctl -w user.max_user_namespaces=65536",
        as_root=True,
    ),
    Need(
        "overlay, tmpfs, id-mapped mounts",
        trials.root_file_systems,
        "컨테이너의 루트 파일 시스템을 만드는 마운트예요. 상태 폴더가 놓인 파일 시스템에서 시험해요.",
        "상태 폴더를 ext4, xfs, btrfs 가운데 하나로 옮기고, overlay 모듈을 올려 주세요.",
        "sudo modprobe overlay",
        as_root=True,
    ),
    Need(
        "seccomp filters",
        probes.seccomp_filters,
        "컨테이너가 부를 수 있는 시스템 호출을 줄이는 커널 기능이에요.",
        "CONFIG_SECCOMP_FILTER가 켜진 커널이 필요해요.",
    ),
    Need(
        "libseccomp 2.5 or later",
        probes.libseccomp,
        "시스템 호출 거르개를 미리 만드는 라이브러리예요.",
        "설치해 주세요.",
        _package("libseccomp2"),
    ),
    Need(
        "crun 1.8 or later",
        probes.crun,
        "컨테이너 프로세스를 실제로 시작하는 프로그램이에요.",
        "설치해 주세요.",
        _package("crun"),
    ),
    Need(
        "busybox",
        probes.program("busybox"),
        "켜질 때 스스로 시험하는 컨테이너의 내용이에요. 라이브러리 없이 도는 것이어야 해요.",
        "설치해 주세요.",
        _package("busybox-static"),
    ),
    Need(
        "tini-static",
        probes.program("tini-static"),
        "docker run --init 이 컨테이너의 첫 프로세스로 쓰는 작은 프로그램이에요.",
        "설치해 주세요.",
        _package("tini"),
    ),
    Need(
        "setpriv",
        probes.program("setpriv"),
        "레지스트리를 권한 없는 사용자로 켜는 프로그램이에요.",
        "설치해 주세요.",
        _package("util-linux"),
    ),
    Need(
        "registry",
        probes.registry,
        "이미지를 내려받을 곳이에요. 따로 정하지 않으면 내장 레지스트리를 써요.",
        "체크아웃에서 아래를 실행하면 내장 레지스트리가 채워져요. 다른 레지스트리는 SANDBOX_REGISTRY로 정해요.",
        "make serve",
    ),
    Need(
        "1 GiB of disk",
        probes.disk,
        "내려받은 이미지를 펼쳐 둘 자리예요.",
        "자리를 비우거나 --state로 다른 폴더를 정해 주세요.",
    ),
    Need(
        "slow disks: mkfs.ext4, loop devices",
        trials.slow_disks,
        "--device-write-bps 와 --device-read-bps 를 적은 실행에 주는 디스크예요. 없으면 그 옵션만 거절해요.",
        "e2fsprogs를 설치하고 loop 모듈을 올려 주세요. 이 컴퓨터가 컨테이너라면 --privileged로 켜 주세요.",
        _package("e2fsprogs") + " && sudo modprobe loop",
        as_root=True,
        optional=True,
    ),
    Need(
        "networks: iproute2, bridge, veth, sch_tbf",
        trials.networks,
        "--network bridge 를 적은 실행끼리 잇는 네트워크예요. 없으면 그 옵션만 거절해요.",
        "iproute2를 설치하고 모듈을 올려 주세요.",
        _package("iproute2") + " && sudo modprobe -a bridge veth sch_tbf",
        as_root=True,
        optional=True,
    ),
    Need(
        "lane gvisor: runsc",
        probes.gvisor,
        "gVisor와 견주는 데모에 써요. 없어도 나머지는 그대로예요.",
        "설치해 주세요.",
        _package("runsc"),
        optional=True,
    ),
    Need(
        "lane vm: QEMU, kernel",
        trials.machines,
        "가상 머신과 견주는 데모에 써요. 없어도 나머지는 그대로예요.",
        "체크아웃에서 아래를 실행하면 QEMU와 커널이 준비돼요.",
        "make serve",
        as_root=True,
        optional=True,
    ),
    Need(
        "lane vm: KVM",
        trials.kvm,
        "가상 머신이 더 빨리 켜져요. 없으면 소프트웨어로 흉내 내서 돌아요.",
        "펌웨어 설정에서 가상화를 켜 주세요. 이 컴퓨터도 가상 머신이라면 그 바깥에서 중첩 가상화를 켜야 해요.",
        "sudo modprobe kvm_intel || sudo modprobe kvm_amd",
        as_root=True,
        optional=True,
    ),
)
