"""Holds the texts of hints that look at what is here, and of notices; the grammar's and the policy's are with those."""

from __future__ import annotations

import re

LONGEST_LINE = 300
# the line begins the text, or its last sentence
_OFFER = re.compile(r"(?:^|[.!?] )(docker .+)", re.DOTALL)
_END = " 를 실행해 보세요."

# slips of the line itself
SPACES = "눈에 보이지 않거나 전각인 공백이 섞여 있어요."
FULL_WIDTH = "전각 글자가 섞여 있어요."
DASHES = "긴 줄표(—)가 아니라 하이픈(-)을 써야 해요."
CONTINUED = "줄을 나누는 기호는 줄 끝에만 적어요. 한 줄로 쓸 때는 빼요."
KEYBOARD = "한글 자판으로 입력됐어요."
APART = "옵션의 값에 빈칸이 있으면 따옴표로 묶어요."
SLASH = "이미지 이름 끝의 / 는 빼요."
TWICE = "이미지 이름 앞에 {word} 를 한 번 더 적었어요."
TAKEN = "{flag} 옵션이 바로 뒤의 {word} 를 제 값으로 가져갔어요."
PROMPT = "맨 앞의 프롬프트 기호는 빼고 입력해요."
SUDO = "여기서는 sudo 없이 실행해요."
PREFIX = "여기서는 docker 앞에 다른 것을 적지 않아요."
PROGRAM = "프로그램 이름은 docker 예요."
SUBCOMMAND = "명령의 이름을 확인해 보세요."
NO_RUN = "컨테이너를 실행할 때는 docker 다음에 run 을 써요."
FLAG = "옵션 이름을 확인해 보세요."
ONE_HYPHEN = "하이픈이 하나면 글자마다 다른 옵션으로 읽혀요. 긴 이름은 --name 처럼 하이픈 둘로 적어요."
MEANT_FLAG = "{written} 옵션은 없어요. {meant} 처럼 적어요."
UPPERCASE = "이미지 이름은 소문자로만 써요."
ADDRESS = "이미지 이름에는 웹 주소를 적지 않아요."

# programs that an image does not have
NO_FILE = "이 이미지에는 {program} 파일이 없어요."
NO_NAME = "프로그램의 이름이 비어 있어요. 따옴표 안에 무엇이 빠졌는지 확인해 보세요."
CHECK_NAME = "철자나 경로를 확인해 보세요."
NO_SHELL = "이 이미지에는 {program} 셸이 없고 작은 셸 sh 가 있어요."
BEHIND = "{flag} 옵션이 이미지 이름 뒤에 있어서 프로그램 이름으로 읽혔어요. 옵션은 이미지 앞에 적어요."
TWO_HYPHENS = "이미지 이름 뒤의 -- 는 프로그램의 이름으로 읽혀요. 옵션이 끝났다는 표시는 이미지 앞에만 적어요."
PROGRAM_MISSING = "이미지 이름 다음에 {meant} 프로그램의 이름이 빠졌어요."
ENTRYPOINT = "--entrypoint 에는 프로그램 하나만 적고, 그 인자는 이미지 이름 뒤에 적어요."
BUILT_IN = "{program} 명령은 파일이 아니라 셸 안에만 있어요."
OTHER_PATH = "-e PATH 로 바꾼 폴더에서 {program} 파일을 찾지 못했어요. PATH 는 정하지 않으면 이미지의 것을 써요."
BASH_ONLY = "{program} 명령은 파일이 아니라 bash 안에만 있고, 이 이미지에는 bash 가 없어요."
ASSIGNMENT = "변수를 앞에 적는 것은 셸의 말이라서 프로그램 이름으로 읽혔어요. 컨테이너의 환경 변수는 -e 로 정해요."
ONE_WORD = "따옴표로 묶여서 줄 전체가 프로그램 이름 하나로 읽혔어요."
GLUED = "{program} 프로그램과 옵션 사이에 빈칸이 빠졌어요."
TAG_APART = "태그는 이미지 이름에 : 으로 붙여 적어요."
ALIAS = "{program} 파일은 이 이미지에 없어요. 여기서는 {meant} 처럼 적어요."
ELSEWHERE = "이 이미지에는 {program} 파일이 없어요. Docker Hub의 {where} 이미지에 들어 있는 프로그램이에요."
AS_ROOT = "컨테이너의 프로그램은 처음부터 root 로 돌아서 {program} 없이 실행해요."
STAND_IN = (
    "{program} 파일은 공식 {image} 이미지에 있어요. 이곳의 {image} 이미지는 그것을 대신하는 작은 이미지라서 없어요."
)
NOT_INCLUDED = "{program} 파일은 이 이미지에 없어요. 그 프로그램이 든 이미지에서 실행해야 해요."
FOLDER = "{program} 자리에는 프로그램이 아니라 폴더가 있어요."
NO_PERMISSION = "{program} 파일에는 실행 권한이 없어요."
IN_A_SHELL = "{shell} 다음의 낱말은 셸 스크립트 파일의 이름으로 읽혀요. 명령을 적으려면 {shell} -c 를 써요."
SHELL_NOT_FOUND = "셸은 시작됐지만 그 안에서 적은 명령을 찾지 못했어요. 철자를 확인해 보세요."

# scripts that the kernel does not execute
SCRIPTS = {
    "crlf": (
        "{program} 파일은 줄 끝이 Windows식(CRLF)이라서, 첫 줄의 이름에 보이지 않는 글자가 붙은 프로그램을 "
        "찾다가 실패했어요. 줄 끝을 LF로 바꿔 저장하고 이미지를 다시 만들어요."
    ),
    "bom": (
        "{program} 파일의 맨 앞에 보이지 않는 표시(BOM)가 있어서 커널이 #! 을 알아보지 못했어요. "
        "BOM 없는 UTF-8로 저장하고 이미지를 다시 만들어요."
    ),
    "none": (
        "{program} 파일은 #! 로 시작하지 않아서 커널이 무엇으로 실행할지 몰라요. "
        "첫 줄에 #!/bin/sh 를 적고 이미지를 다시 만들어요."
    ),
    "missing": (
        "{program} 파일의 첫 줄은 {interpreter} 프로그램으로 실행하라고 하는데, 이 이미지에는 그 파일이 없어요. "
        "이미지에 있는 것으로 바꿔요."
    ),
}

# images, tags, platforms, users
NEVER_PULLED = "이미지가 아직 없는데 --pull never 라서 받지 않았어요."
NOT_IN_REGISTRY = "이 레지스트리에는 그런 이미지가 없어요. 이름을 확인해 보세요."
HERE_ARE = "이 레지스트리에는 그런 이미지가 없어요. 여기서는 {images} 이미지를 쓸 수 있어요."
NO_TAG = "그 이미지에 그런 태그가 없어요."
TAGS_HERE = "그 이미지에 그런 태그가 없어요. 여기서는 {images} 이미지를 쓸 수 있어요."
NO_PLATFORM = (
    "그 이미지와 태그는 있지만 {platform} 에서 도는 것은 없어요. --platform 을 빼면 이 컴퓨터에 맞는 것을 받아요."
)
NO_IMAGE_PLATFORM = "그 이미지와 태그는 있지만 이 컴퓨터에서 도는 것은 없어요."
OTHER_HOST = "이 서버는 {host} 에서 이미지를 받지 않아요. 이미지 이름만 적어요."
OTHER_HOST_ONLY = "이 서버는 {host} 에서 이미지를 받지 않아요. 여기서는 {images} 이미지를 쓸 수 있어요."
NO_USER = "이미지의 /etc/passwd 에 없는 사용자예요. 번호로 적으면 돼요. 예: --user 1000"
NO_GROUP = "이미지의 /etc/group 에 없는 그룹이에요. 번호로 적으면 돼요. 예: --group-add 1000"
HIGH_ID = "이곳의 컨테이너에는 사용자와 그룹이 0번부터 65535번까지 있어요. 그 안의 번호로 적어 보세요. 예: --user 1000"
NOT_AN_IMAGE = (
    "그 이름에는 컨테이너 이미지가 아니라 다른 것이 들어 있어요(Helm 차트 같은 것). docker 로는 실행할 수 없어요."
)
USER_RANGE = "사용자와 그룹의 번호는 0부터 65535까지만 쓸 수 있어요. 예: --user 1000"
NO_TERMINAL = "여기서는 아직 키보드로 입력할 수 없어요. 할 일을 줄에 적어요. 예: docker run alpine sh -c 'ls /etc'"
NO_DEVICE = (
    "이 서버에는 그런 디스크가 없어요. 어느 디스크를 적든 이 컨테이너의 디스크가 느려지니 /dev/loop0 으로 적어 보세요."
)
NO_DISK = "이 서버에는 컨테이너마다 줄 디스크가 없어서 느리게 할 수 없어요. 이 옵션을 빼고 실행해 보세요."
SHARED_DISK = (
    "이 서버에서는 다른 컨테이너와 함께 쓰는 컨테이너의 디스크를 느리게 할 수 없어요. 둘 가운데 하나만 적어 보세요."
)
TOO_SLOW = "이 서버의 cgroup(v2)은 초당 2바이트부터 늦출 수 있어요. 1 대신 2보다 작지 않은 값으로 실행해 보세요."
NO_BRIDGE = "이 서버는 컨테이너끼리 잇는 네트워크를 만들 수 없어요. --network 를 빼고 실행해 보세요."
FULL_BRIDGE = "이 네트워크에 남은 주소가 없어요. 돌고 있는 컨테이너가 끝나면 다시 실행해 보세요."
NO_COMMAND = "실행할 프로그램이 정해지지 않았어요. 이미지 이름 뒤에 프로그램을 적어 보세요."

# how a program ended
OUT_OF_MEMORY = (
    "메모리가 조금 모자랐다면 --memory 에 더 큰 값을 적어 보세요. 끝없이 쓰는 프로그램은 얼마를 주어도 이렇게 끝나요."
)
ALL_MEMORY = (
    "이 서버에서 컨테이너 하나가 쓸 수 있는 메모리({most})를 모두 썼어요. 메모리를 덜 쓰는 명령으로 바꿔 보세요."
)
TIMED_OUT = "한 번의 실행에는 정해진 시간이 있어요. 더 빨리 끝나는 명령으로 바꿔 보세요."
TOO_MUCH_OUTPUT = "출력의 앞부분만 보려면 head 를 써요. 예: docker run alpine sh -c 'yes | head'"
KILLED = "프로그램이 {signal} 신호를 받고 끝났어요."
OTHER_CALLS = (
    "이곳의 컨테이너에서는 이 컴퓨터의 64비트 프로그램만 돌아요. "
    "32비트 프로그램은 시스템 호출을 하면 커널이 SIGSYS 신호로 끝내요."
)
WRITE = "{flag} {text} 로 적어 보세요."

# what a shell does before it starts docker
EXPANSIONS = {
    "variable": "내 컴퓨터의 셸은 {sign} 를 먼저 제 변수의 값으로 바꿔요. 그런 변수가 없으면 빈칸이 돼요.",
    "output": "내 컴퓨터의 셸은 {sign} 안의 명령을 먼저 실행하고, 그 출력으로 바꿔요.",
    "escapes": "내 컴퓨터의 셸은 {sign} 를 먼저 $ 없는 글자로 바꿔요. \\n 같은 것은 줄바꿈 같은 글자가 돼요.",
    "files": "내 컴퓨터의 셸은 {sign} 를 먼저 내 폴더에 있는 파일의 이름들로 바꿔요.",
    "words": "내 컴퓨터의 셸은 {sign} 를 먼저 낱말 여럿으로 펼쳐요.",
    "home": "내 컴퓨터의 셸은 {sign} 를 먼저 내 홈 폴더로 바꿔요.",
    "history": "내 컴퓨터의 셸은 {sign} 를 먼저 전에 친 명령으로 바꿔요.",
}
AS_IT_IS = "여기에는 그런 셸이 없어서 적은 글자 그대로 건넸어요."
SINGLE_QUOTES = "작은따옴표로 묶으면 어디서나 이렇게 건네요."


def try_line(reason: str, line: str) -> str:
    """Return `reason` and the whole line that works; `reason` alone where the line is too long to be read, or could not
    be told from the text around it."""
    if len(line) > LONGEST_LINE:
        return reason
    said = f"{reason} {line}{_END}".lstrip()
    return said if offered(said) == line else reason


def offered(text: str) -> str | None:
    """Return the line that a hint or a notice offers, as the page finds it there; None where it offers none."""
    match = _OFFER.search(text.removesuffix(_END)) if text.endswith(_END) else None
    return match[1] if match else None
