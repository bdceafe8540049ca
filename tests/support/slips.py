"""Command lines as people mistype them: a line that works, and one slip or two of the kinds that readers make."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Slip = Callable[[random.Random, list[str]], list[str]]


def _listed(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split("|"))


IMAGES = ("alpine", "busybox", "hello-world", "alpine:latest")
OTHERS = (
    "ubuntu debian nginx node python:3 redis alpin busybx hello-wrold alpine:3.18 alpine:lastest ghcr.io/a/b".split()
)
PROGRAMS = _listed(
    """
    ls | ls -la /etc | cat /etc/passwd | echo hi | env | id -u | uname -a | sleep 1 | hostname | sh -c 'echo a b' |
    ps aux | wc -l /etc/group | date | grep root /etc/passwd | true | pwd | df -h | whoami | free |
    head -n 1 /etc/hosts
    """
)
FOREIGN = _listed(
    """
    node -v | npm install | python3 -c 'print(1)' | pip install x | apt update | apt-get install curl | apk add curl
    | git clone x | curl http://x | java -version | go version | vim x | nano x | ssh host | make | gcc a.c | ll |
    jest | jar xf a | kind get x | gut x | ls-la |
    systemctl start x | kubectl get pods | tree | htop | jq . | zip a | man ls | sudo ls | docker ps | psql | dir |
    cls
    """
)
BUILT_INS = _listed(
    """
    exit 3 | cd /tmp | export A=b | set -e | ulimit -n | wait | times | hash | command ls | return 1 | read x |
    source x | alias a=b | type ls | umask | unset A | trap | shift | : x | . /x | eval ls | getopts a b | jobs |
    declare -x | shopt | history | let a=1 | pushd /tmp
    """
)
OPTIONS = _listed(
    """
    --rm | -i | -e A=b | --env A=b | -m 64m | --memory 64m | --cpus 0.5 | --name web | -w /tmp | -u 1000 |
    --read-only | --init | --pids-limit 32 | --hostname web | --tmpfs /tmp | -l a=b | --cap-drop ALL |
    --stop-signal SIGINT | -t | --ulimit nofile=64 | --pull missing | --platform linux/amd64 | --network none |
    --user root | --workdir /srv | --group-add 5 | --add-host a:1.2.3.4 | --shm-size 1m
    | --security-opt no-new-privileges | --expose 80
    """
)
REFUSED = _listed(
    """
    -it | -d | -p 80:80 | -v /a:/b | --privileged | --network host | --restart always | --gpus all | -m 512 | -m 256
    | -m 4 | -m 1024 | --memory 4g | --cpus 64 | --pids-limit 9999 | --memory-swap 64m | --ulimit nofile=99999 |
    -u bob | --tmpfs /tmp:size=1g | --platform linux/arm64 | --pull never | -u 100000 | --pid host | -c 512 |
    --link a | -P | --tmpfs /bin | --network container:web | --device-read-bps /dev/sda:1mb | --entrypoint '' |
    --env-file x | -h | --group-add nosuch | --group-add 100000 | -u 0:100000 | --log-driver syslog
    | --security-opt seccomp=unconfined | --add-host a:host-gateway
    """
)
PROMPTS = (
    "$ ",
    "# ",
    "% ",
    "> ",
    "❯ ",
    "user@host:~$ ",
    "kim@Mac ~ % ",
    "[root@localhost ~]# ",
    "(base) kim@pc:~$ ",
    "➜  ~ ",
)
BEFORE = (
    "sudo ",
    "time ",
    "winpty ",
    "MSYS_NO_PATHCONV=1 ",
    "env ",
    "nice -n 5 ",
    "exec ",
    "sudo -E ",
    "timeout 5 ",
    "watch ",
    "cmd /c ",
    "/usr/bin/time -p ",
    "cd /tmp && ",
    "& ",
)
DOCKERS = (
    "docker.exe",
    "/usr/bin/docker",
    "./docker",
    "Docker",
    "dokcer",
    "podman",
    "docker-run",
    "dcoker",
    "doker",
    "docker;",
)
SPACES = ("\u00a0", "\u3000", "\u200b", "\ufeff", "\u2009", "\u00ad", "\u3164", "\ufe0f", "\u2800", "\u0085")
DASHES = ("—", "–", "−", "－－", "―", "⸺", "﹣")
HUBS = ("hub.docker.com/library/", "https://hub.docker.com/_/", "hub.docker.com/_/", "registry.hub.docker.com/library/")
ENDS = (
    " | wc -l",
    " > x",
    " && echo done",
    "; ls",
    " &",
    " $(date)",
    " `date`",
    " $HOME",
    ' "$HOME"',
    " *",
    " ~",
    " '$HOME'",
    " {a,b}",
)


def line(seed: random.Random) -> str:
    """A line with one slip or two."""
    words = _sound(seed)
    for slip in seed.choices(_SLIPS, k=seed.choice((1, 1, 1, 2))):
        words = slip(seed, words)
    return " ".join(words)


def _sound(seed: random.Random) -> list[str]:
    image = seed.choice(IMAGES)
    options = [word for one in seed.sample(OPTIONS, seed.choice((0, 0, 1, 2))) for word in one.split()]
    program = [] if image == "hello-world" else seed.choice(PROGRAMS).split(" ")
    return ["docker", "run", *options, image, *program]


def _image_at(words: Sequence[str]) -> int:
    return next((at for at, word in enumerate(words) if word in IMAGES), len(words) - 1)


def _letters(seed: random.Random, words: list[str]) -> list[str]:
    """Swap, double, leave out or add a letter."""
    at = seed.choice([at for at, word in enumerate(words) if len(word) > 1] or [0])
    word = words[at]
    if len(word) < 2:
        return words
    where = seed.randrange(len(word) - 1)
    changed = seed.choice(
        (
            word[:where] + word[where + 1] + word[where] + word[where + 2 :],
            word[:where] + word[where] + word[where:],
            word[:where] + word[where + 1 :],
            word[:where] + seed.choice("aeinst") + word[where:],
            word.upper(),
        )
    )
    return [*words[:at], changed, *words[at + 1 :]]


def _behind(seed: random.Random, words: list[str]) -> list[str]:
    """Put options behind the image."""
    at = _image_at(words) + 1
    return [*words[:at], *seed.choice((*OPTIONS, *REFUSED)).split(" "), *words[at:]]


def _without_value(seed: random.Random, words: list[str]) -> list[str]:
    at = _image_at(words) + 1
    return [*words[:at], seed.choice(("-e", "-m", "-h", "-w", "--name", "-v", "-p", "--memory", "-c", "-la", "-l"))]


def _refused(seed: random.Random, words: list[str]) -> list[str]:
    return [*words[:2], *seed.choice(REFUSED).split(" "), *words[2:]]


def _program(*programs: str) -> Slip:
    def slip(seed: random.Random, words: list[str]) -> list[str]:
        return [*words[: _image_at(words) + 1], *seed.choice(programs).split(" ")]

    return slip


def _image(seed: random.Random, words: list[str]) -> list[str]:
    at = _image_at(words)
    return [*words[:at], seed.choice((*OTHERS, seed.choice(HUBS) + words[at], words[at].upper())), *words[at + 1 :]]


def _first(*heads: str) -> Slip:
    return lambda seed, words: [seed.choice(heads) + words[0], *words[1:]]


def _docker(seed: random.Random, words: list[str]) -> list[str]:
    return [seed.choice(DOCKERS), *words[1:]]


def _dash(seed: random.Random, words: list[str]) -> list[str]:
    options = [at for at, word in enumerate(words) if word.startswith("-")]
    if not options:
        return [*words[:2], seed.choice(DASHES) + "rm", *words[2:]]
    at = seed.choice(options)
    wrong = seed.choice((*DASHES, "-", "--", "---", ""))
    return [*words[:at], wrong + words[at].lstrip("-"), *words[at + 1 :]]


def _space(seed: random.Random, words: list[str]) -> list[str]:
    at = seed.randrange(len(words))
    joined = words[at] + seed.choice(SPACES) + seed.choice(("", *words[at + 1 : at + 2]))
    return [*words[:at], joined, *words[at + (2 if len(words) > at + 1 and joined.endswith(words[at + 1]) else 1) :]]


def _end(seed: random.Random, words: list[str]) -> list[str]:
    return [*words, seed.choice(ENDS).strip()]


def _left_out(seed: random.Random, words: list[str]) -> list[str]:
    at = seed.randrange(min(len(words), 4))
    return [*words[:at], *words[at + 1 :]] or words


def _quoted(seed: random.Random, words: list[str]) -> list[str]:
    at = _image_at(words) + 1
    opened, closed = seed.choice(("''", '""', "“”", "‘’"))
    return [*words[:at], opened + " ".join(words[at:]).replace("'", "") + closed]


def _shell(seed: random.Random, words: list[str]) -> list[str]:
    at = _image_at(words) + 1
    return [*words[:at], seed.choice(("sh", "bash", "/bin/bash", "zsh", "sh -c", "bash -c", "bash -lc")), *words[at:]]


def _pull(seed: random.Random, words: list[str]) -> list[str]:
    return ["docker", "pull", words[_image_at(words)]]


_SLIPS: tuple[Slip, ...] = (
    *(
        _letters,
        _letters,
        _letters,
        _behind,
        _behind,
        _without_value,
        _refused,
        _refused,
        _image,
        _image,
        _docker,
        _dash,
    ),
    *(
        _program(*FOREIGN),
        _program(*BUILT_INS),
        _program("A=b env", "latest ls", "-rm ls", "3.18 ls", "/etc", "LS", "/bin/lss"),
    ),
    *(_first(*PROMPTS), _first(*BEFORE), _space, _end, _left_out, _quoted, _shell, _pull),
)
