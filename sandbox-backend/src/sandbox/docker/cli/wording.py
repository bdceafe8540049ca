"""Holds the texts of this project's own: Korean hints, and short English reasons for what this host does not take.

A hint is one step that helps, in warm 해요체; the room `hints` adds the whole line that would work, where there is one.
"""

from __future__ import annotations

from typing import NamedTuple


class Unavailable(NamedTuple):
    """Why this host does not take a flag: `english` ends docker's line, `korean` opens the hint."""

    english: str
    korean: str


UNAVAILABLE = {
    "detach": Unavailable(
        "a container here ends together with the line that started it",
        "이 서버의 컨테이너는 실행한 줄과 함께 끝나서, 뒤에서 계속 돌게 하는 {flag} 옵션은 아직 쓸 수 없어요.",
    ),
    "restart": Unavailable(
        "a container here is not kept after it ends",
        "끝난 컨테이너를 남겨 두지 않아서 다시 시작시키는 {flag} 옵션은 아직 쓸 수 없어요.",
    ),
    "privileged": Unavailable(
        "it would hand the whole machine to the container",
        "{flag} 옵션은 컨테이너에 컴퓨터 전체를 맡겨서 이 서버에서는 쓸 수 없어요.",
    ),
    "publish": Unavailable(
        "no way leads into the containers here",
        "이곳의 컨테이너에는 바깥과 이어지는 길이 없어서 포트를 여는 {flag} 옵션은 아직 쓸 수 없어요.",
    ),
    "network": Unavailable(
        "no way leads out of the containers here",
        "이곳의 컨테이너에는 바깥과 이어지는 길이 없어서 {flag} 옵션은 아직 쓸 수 없어요.",
    ),
    "volume": Unavailable(
        "no folder of this machine is shared with containers",
        "이 서버의 폴더는 컨테이너와 나누지 않아서 {flag} 옵션은 쓸 수 없어요. 빈 폴더는 --tmpfs 로 만들어요.",
    ),
    "storage": Unavailable(
        "the size of a container's files is set by this host",
        "컨테이너의 파일 크기는 이 서버가 정해서 {flag} 옵션은 쓸 수 없어요.",
    ),
    "file": Unavailable(
        "it names a file beside the client, and there is none here",
        "{flag} 옵션이 가리키는 내 컴퓨터의 파일은 여기서 볼 수 없어요.",
    ),
    "device": Unavailable(
        "no device of this machine is given to containers",
        "이 서버의 장치는 컨테이너에 내주지 않아서 {flag} 옵션은 쓸 수 없어요.",
    ),
    "capability": Unavailable(
        "containers here never get more rights than the default",
        "컨테이너의 권한을 늘리는 {flag} 옵션은 쓸 수 없어요. 줄이는 --cap-drop 은 쓸 수 있어요.",
    ),
    "security": Unavailable(
        "the confinement of containers is set by this host",
        "컨테이너를 가두는 방법은 이 서버가 정해서 {flag} 옵션은 쓸 수 없어요.",
    ),
    "namespace": Unavailable(
        "no container here gets a namespace of the machine",
        "이곳의 컨테이너에는 기계의 네임스페이스를 주지 않아서 {flag} 옵션은 그렇게 쓸 수 없어요.",
    ),
    "kernel": Unavailable(
        "it would change how this machine runs containers",
        "{flag} 옵션은 이 서버가 컨테이너를 돌리는 방법을 바꿔서 쓸 수 없어요.",
    ),
    "oom": Unavailable(
        "what happens without memory is set by this host",
        "메모리가 모자랄 때 할 일은 이 서버가 정해서 {flag} 옵션은 쓸 수 없어요. 한도는 --memory 로 정해 보세요.",
    ),
    "limit": Unavailable(
        "use --memory, --cpus and --pids-limit here",
        "{flag} 옵션은 아직 쓸 수 없어요. 한도는 --memory, --cpus, --pids-limit 로 정해 보세요.",
    ),
    "processors": Unavailable(
        "containers here do not choose among the machine's processors: use --cpus",
        "어느 CPU에서 돌지는 이 서버가 정해서 {flag} 옵션은 쓸 수 없어요. 얼마나 쓸지는 --cpus 로 정해 보세요.",
    ),
    "stop": Unavailable(
        "the time of a run is set by this host", "기다리는 시간은 이 서버가 정해서 {flag} 옵션은 쓸 수 없어요."
    ),
    "health": Unavailable(
        "a container here ends together with the line that started it",
        "컨테이너가 오래 떠 있지 않아서 상태를 검사하는 {flag} 옵션은 아직 쓸 수 없어요.",
    ),
    "log": Unavailable("output goes to the page only", "출력은 화면으로만 보내서 {flag} 옵션은 쓸 수 없어요."),
    "attach": Unavailable(
        "standard output and error always go to the page",
        "출력은 늘 화면에 이어져 있어서 {flag} 옵션은 쓸 수 없어요.",
    ),
    "socket": Unavailable(
        "there is no Docker API here", "이 서버에는 Docker API 가 없어서 {flag} 옵션은 쓸 수 없어요."
    ),
    "trust": Unavailable(
        "signatures are not checked here", "이 서버는 서명을 확인하지 않아서 {flag} 옵션은 쓸 수 없어요."
    ),
    "all-tags": Unavailable(
        "it pulls one tag at a time", "이 서버는 태그를 하나씩만 받아서 {flag} 옵션은 쓸 수 없어요."
    ),
    "template": Unavailable(
        "it prints the default table only", "기본 표만 보여 줄 수 있어서 {flag} 옵션은 아직 쓸 수 없어요."
    ),
    "client": Unavailable(
        "there is one Docker host here", "이곳에는 Docker 호스트가 하나뿐이라 {flag} 옵션은 쓸 수 없어요."
    ),
    "windows": Unavailable("", "{flag} 옵션은 Windows 컨테이너에만 있어요."),
}

QUOTES = "둥근 따옴표(“ ”)는 셸이 따옴표로 읽지 않아요."
NO_IMAGE = "이미지 이름이 빠졌어요."
NOT_DOCKER = "여기는 docker 명령만 받아요. 프로그램은 컨테이너 안에서 실행해요."
EMPTY = "실행할 docker 명령을 한 줄 적어 보세요."
NO_SHELL = "여기에는 셸이 없어서 {operator} 기호를 쓸 수 없어요."
ASK_SHELL = "컨테이너 안의 셸에 맡기면 돼요."
ONE_LINE = "한 번에 docker 명령 하나만 실행할 수 있어요."
OPEN_QUOTE = "닫히지 않은 따옴표가 있어요. 짝이 맞는지 확인해 보세요."
BAD_TEXT = "눈에 보이지 않는 잘못된 글자가 들어 있어요. 줄을 직접 다시 입력해 보세요."
COMMANDS = "이곳에서 쓸 수 있는 명령은 docker run, docker pull, docker images 예요."
UNSUPPORTED = "docker {name} 명령은 아직 쓸 수 없어요. " + COMMANDS
BAD_IMAGE = "이미지 이름은 alpine 이나 alpine:latest 처럼 적어요."
ONE_IMAGE = "이미지 이름을 하나만 적어요."
SEE_HELP = "쓸 수 있는 옵션은 {command} --help 로 볼 수 있어요."
BAD_VALUE = "{flag} 옵션의 값을 확인해 보세요. 예: {example}"
NEEDS_VALUE = "{flag} 옵션에는 값이 필요해요. 예: {example}"
EXAMPLES = {
    "add-host": "--add-host db:10.0.0.5",
    "cap-drop": "--cap-drop ALL",
    "cpus": "--cpus 0.5",
    "device-read-bps": "--device-read-bps /dev/loop0:1mb",
    "device-write-bps": "--device-write-bps /dev/loop0:1mb",
    "entrypoint": "--entrypoint /bin/ls",
    "env": "-e NAME=value",
    "expose": "--expose 80",
    "hostname": "--hostname web",
    "label": "--label team=web",
    "memory": "--memory 64m",
    "memory-swap": "--memory-swap 64m",
    "name": "--name web",
    "network": "--network bridge",
    "pid": "--pid container:web",
    "pids-limit": "--pids-limit 32",
    "platform": "--platform linux/amd64",
    "pull": "--pull always",
    "shm-size": "--shm-size 64m",
    "stop-signal": "--stop-signal SIGINT",
    "tmpfs": "--tmpfs /tmp:size=16m",
    "ulimit": "--ulimit nofile=64:64",
    "user": "--user 1000:1000",
    "workdir": "--workdir /tmp",
}

# the policy's ceilings
TOO_MUCH_MEMORY = "이 서버에서 컨테이너 하나가 쓸 수 있는 메모리는 {most}까지예요."
TOO_LITTLE_MEMORY = "메모리 한도는 6MB보다 작게 정할 수 없어요."
NO_UNIT = "단위가 없으면 바이트예요. 메가바이트는 m을 붙여 적어요."
NO_SWAP = "이 서버에는 스왑이 없어요. --memory-swap 을 빼거나 --memory 와 같은 값으로 적어 보세요."
TOO_MANY_CPUS = "이 서버에서 컨테이너 하나가 쓸 수 있는 CPU는 {least}개부터 {most}개까지예요."
TOO_MANY_PIDS = "이 서버에서 컨테이너 하나가 만들 수 있는 프로세스는 {most}개까지예요."
WITHOUT_SWAP = "이 서버에는 스왑이 없어서 --memory-swap 은 아무것도 늘리지 않아요. 메모리는 {most}까지예요."
NO_GATEWAY = "이곳의 컨테이너에는 바깥과 이어지는 길이 없어서 host-gateway 라는 주소도 없어요. 주소를 적어 보세요."
OWN_HOSTS = "네트워크를 함께 쓰면 /etc/hosts 도 함께 써요. --add-host 를 빼고 실행해 보세요."
MANY_GROUPS = "--group-add 는 {most}개까지만 쓸 수 있어요."
TOO_HIGH_ULIMIT = "--ulimit {name} 값은 이 서버에서 {most}까지 정할 수 있어요."
TOO_BIG_TMPFS = "--tmpfs 의 크기는 {most}까지예요."
MANY_WORDS = "한 줄에는 낱말을 {most}개까지 적을 수 있어요."
NO_NETWORK = (
    "이곳의 컨테이너에는 바깥과 이어지는 길이 없어요. 내 컨테이너끼리 잇는 --network bridge 나 none 으로 적어 보세요."
)
NO_SUCH_NETWORK = "그런 이름의 네트워크는 없어요. 내 컨테이너끼리 잇는 --network bridge 나 none 으로 적어 보세요."
ISOLATION_OF_BRIDGES = "이곳의 gVisor와 가상 머신은 네트워크에 이어져 있지 않아요. --network 를 빼고 실행해 보세요."
OWN_HOSTNAME = "네트워크를 함께 쓰면 호스트 이름도 함께 써요. --hostname 을 빼고 실행해 보세요."
SHARED_NAME = "container: 뒤에 돌고 있는 컨테이너의 이름을 적어요. 예: --network container:web"
ISOLATION_OF_CONTAINERS = "네임스페이스는 컨테이너끼리만 함께 써요. gVisor와 가상 머신에는 저마다 제 커널이 있어요."
NOT_RUNNING = "함께 쓸 컨테이너가 아직 돌고 있어야 해요. 그 컨테이너를 --name 으로 이름 붙여 먼저 실행해 보세요."
NAME_RULE = "컨테이너 이름은 영문자나 숫자로 시작하고, 두 글자 이상으로 적어요. 예: --name web"
ABSOLUTE_FOLDER = "작업 폴더는 / 로 시작하는 경로로 적어요. 예: --workdir /tmp"
BAD_SIGNAL = "SIGTERM, SIGINT 처럼 있는 신호 이름을 적어 보세요."
BAD_CAPABILITY = "CHOWN, NET_RAW 처럼 있는 권한 이름이나 ALL 을 적어 보세요."
MANY_TMPFS = "--tmpfs 는 {most}개까지만 쓸 수 있어요."
MANY_FOLDERS = "-w 와 --tmpfs 의 경로에는 모두 합해 폴더를 {most}개까지 적을 수 있어요."
SYSTEM_TMPFS = "/proc 과 /sys 에는 --tmpfs 를 쓸 수 없어요. 예: --tmpfs /tmp"
BAD_TMPFS = "--tmpfs 는 /tmp:size=16m,mode=1777 처럼 적어요."
LONG_HOSTNAME = "호스트 이름은 64바이트까지예요."
