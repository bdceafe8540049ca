"""Holds the texts of this project's own: Korean hints, and short English reasons for what this host does not take.

A hint is one step that helps, in warm 해요체; where a line would work, the hint holds the whole line.
"""

from __future__ import annotations

from typing import NamedTuple

LONGEST_LINE = 300


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
    "group": Unavailable("groups come from the image", "그룹은 이미지에 적힌 대로만 써서 {flag} 옵션은 쓸 수 없어요."),
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

SPACES = "눈에 보이지 않거나 전각인 공백이 섞여 있어요."
FULL_WIDTH = "전각 글자가 섞여 있어요."
QUOTES = "둥근 따옴표(“ ”)는 셸이 따옴표로 읽지 않아요."
DASHES = "긴 줄표(—)가 아니라 하이픈(-)을 써야 해요."
PROMPT = "맨 앞의 프롬프트 기호는 빼고 입력해요."
SUDO = "여기서는 sudo 없이 실행해요."
PROGRAM = "프로그램 이름은 docker 예요."
SUBCOMMAND = "docker 다음의 명령 이름을 확인해 보세요."
NO_RUN = "컨테이너를 실행할 때는 docker 다음에 run 을 써요."
FLAG = "옵션 이름을 확인해 보세요."
NO_IMAGE = "이미지 이름이 빠졌어요."
UPPERCASE = "이미지 이름은 소문자로만 써요."
NOT_DOCKER = "여기는 docker 명령만 받아요. 프로그램은 컨테이너 안에서 실행해요."
EMPTY = "docker 명령을 한 줄 적어 보세요."
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
    "cap-drop": "--cap-drop ALL",
    "cpus": "--cpus 0.5",
    "device-read-bps": "--device-read-bps /dev/loop0:1mb",
    "device-write-bps": "--device-write-bps /dev/loop0:1mb",
    "entrypoint": "--entrypoint /bin/ls",
    "env": "-e NAME=value",
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
    "stop-signal": "--stop-signal SIGINT",
    "tmpfs": "--tmpfs /tmp:size=16m",
    "ulimit": "--ulimit nofile=64:64",
    "user": "--user 1000:1000",
    "workdir": "--workdir /tmp",
}

# the results of runs that were asked for rightly
NO_FILE = "이 이미지에는 {program} 파일이 없어요."
NO_BASH = "이 이미지에는 bash 가 없고 작은 셸 sh 가 있어요."
FLAG_AFTER_IMAGE = "{flag} 옵션이 이미지 이름 뒤에 있어서 프로그램 이름으로 읽혔어요. 옵션은 이미지 앞에 적어요."
BUILT_IN = "{program} 명령은 파일이 아니라 셸 안에만 있어요."
ONE_WORD = "따옴표로 묶여서 줄 전체가 프로그램 이름 하나로 읽혔어요."
FOLDER = "{program} 자리에는 프로그램이 아니라 폴더가 있어요."
NO_PERMISSION = "{program} 파일에는 실행 권한이 없어요."
SHELL_NOT_FOUND = "셸은 시작됐지만 그 안에서 적은 명령을 찾지 못했어요. 철자를 확인해 보세요."
CHECK_NAME = "철자나 경로를 확인해 보세요."
NEVER_PULLED = "이미지가 아직 없는데 --pull never 라서 받지 않았어요."
NOT_IN_REGISTRY = "이 레지스트리에는 그런 이미지가 없어요. 이름을 확인해 보세요."
NO_TAG = "그 이미지에 그런 태그가 없어요."
NO_USER = "이미지의 /etc/passwd 에 없는 사용자예요. 번호로 적으면 돼요. 예: --user 1000"
NO_TERMINAL = "여기서는 아직 키보드로 입력할 수 없어요. 할 일을 줄에 적어요. 예: docker run alpine sh -c 'ls /etc'"
NO_DEVICE = (
    "이 서버에는 그런 디스크가 없어요. 어느 디스크를 적든 이 컨테이너의 디스크가 느려지니 /dev/loop0 으로 적어 보세요."
)
NO_DISK = "이 서버에는 컨테이너마다 줄 디스크가 없어서 느리게 할 수 없어요. 이 옵션을 빼고 실행해 보세요."
SHARED_DISK = (
    "이 서버에서는 다른 컨테이너와 함께 쓰는 컨테이너의 디스크를 느리게 할 수 없어요. 둘 가운데 하나만 적어 보세요."
)
TOO_SLOW = "이 서버의 cgroup(v2)은 초당 2바이트부터 늦출 수 있어요. 1 대신 2보다 작지 않은 값으로 실행해 보세요."
NO_COMMAND = "실행할 프로그램이 정해지지 않았어요. 이미지 이름 뒤에 프로그램을 적어 보세요."
OUT_OF_MEMORY = "쓸 수 있는 메모리는 --memory 로 정해요. 더 큰 값을 적어 보세요."
TIMED_OUT = "한 번의 실행에는 정해진 시간이 있어요. 더 빨리 끝나는 명령으로 바꿔 보세요."
TOO_MUCH_OUTPUT = "출력의 앞부분만 보려면 head 를 써요. 예: docker run alpine sh -c 'yes | head'"
KILLED = "프로그램이 {signal} 신호를 받고 끝났어요."

# the policy's ceilings
TOO_MUCH_MEMORY = "이 서버에서 컨테이너 하나가 쓸 수 있는 메모리는 {most}까지예요. --memory {most_flag} 로 적어 보세요."
TOO_LITTLE_MEMORY = "메모리 한도는 6MB보다 작게 정할 수 없어요. --memory 6m 로 적어 보세요."
NO_UNIT = "단위가 없으면 바이트예요. m을 붙여 --memory {memory}m 로 적어 보세요."
NO_SWAP = "이 서버에는 스왑이 없어요. --memory-swap 을 빼거나 --memory 와 같은 값으로 적어 보세요."
TOO_MANY_CPUS = "이 서버에서 컨테이너 하나가 쓸 수 있는 CPU는 {most}개까지예요. --cpus {most} 로 적어 보세요."
TOO_MANY_PIDS = (
    "이 서버에서 컨테이너 하나가 만들 수 있는 프로세스는 {most}개까지예요. --pids-limit {most} 로 적어 보세요."
)
TOO_HIGH_ULIMIT = "--ulimit {name} 값은 이 서버에서 {most}까지 정할 수 있어요."
TOO_BIG_TMPFS = "--tmpfs 의 크기는 {most}까지예요. size={most_flag} 로 적어 보세요."
MANY_WORDS = "한 줄에는 낱말을 {most}개까지 적을 수 있어요."
NO_NETWORK = (
    "이곳의 컨테이너에는 바깥과 이어지는 길이 없어요. 내 컨테이너끼리 잇는 --network bridge 나 none 으로 적어 보세요."
)
NO_SUCH_NETWORK = "그런 이름의 네트워크는 없어요. 내 컨테이너끼리 잇는 --network bridge 나 none 으로 적어 보세요."
NO_BRIDGE = "이 서버는 컨테이너끼리 잇는 네트워크를 만들 수 없어요. --network 를 빼고 실행해 보세요."
FULL_BRIDGE = "이 네트워크에 남은 주소가 없어요. 돌고 있는 컨테이너가 끝나면 다시 실행해 보세요."
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


def try_line(reason: str, line: str) -> str:
    """Return `reason` and the whole line that would work."""
    if len(line) > LONGEST_LINE or "\n" in line:
        return reason
    return f"{reason} {line} 를 실행해 보세요."
