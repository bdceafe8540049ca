"""The outcome table, line by line."""

from __future__ import annotations

import pytest

from sandbox.docker import outcome
from sandbox.docker.messages import daemon_error, task_error

CONTAINER, FIRST_UID = "9079f9eb" * 8, 2_000_000_000
UIDS = range(FIRST_UID, FIRST_UID + 65_536)


def kernel_log(container: str, *lines: str) -> str:
    group = f"/docker-run-sandbox-8000/{container}"
    summary = f"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset={container},mems_allowed=0,"
    first = f"<6>[37.11] {summary}oom_memcg={group},task_memcg={group},task=tail,pid=77,uid={FIRST_UID}"
    return "\n".join([first, *lines, ""])


def killed(uid: int, name: str = "tail") -> str:
    sizes = "total-vm:68152kB, anon-rss:64000kB, file-rss:4kB, shmem-rss:0kB"
    line = f"Memory cgroup out of memory: Killed process 77 ({name}) {sizes}, UID:{uid}"
    return f"<3>[37.12] {line} pgtables:196kB oom_score_adj:500"


def test_the_kernels_own_line_is_found_in_its_log() -> None:
    said = outcome.kernel_log_line(kernel_log(CONTAINER, killed(FIRST_UID)), CONTAINER, UIDS)
    assert said is not None
    assert said.startswith("Memory cgroup out of memory: Killed process 77 (tail) total-vm:68152kB")
    assert said.endswith("shmem-rss:0kB")


@pytest.mark.parametrize(
    "log",
    [
        "",
        killed(FIRST_UID),
        kernel_log("0" * 64, killed(FIRST_UID)),
        kernel_log(CONTAINER, killed(FIRST_UID + 65_536)),
        kernel_log(CONTAINER, killed(0, f"x, UID:{FIRST_UID}")),
        kernel_log(CONTAINER, killed(FIRST_UID, "a\nb")),
        kernel_log(CONTAINER),
    ],
)
def test_what_the_kernel_says_of_others_is_not_told(log: str) -> None:
    assert outcome.kernel_log_line(log, CONTAINER, UIDS) is None


@pytest.mark.parametrize(
    ("message", "program", "code", "detail"),
    [
        (
            "executable file `ls` not found in $PATH: No such file or directory",
            "ls",
            127,
            'exec: "ls": executable file not found in $PATH',
        ),
        (
            "executable file `/x/y` not found in $PATH: No such file or directory",
            "/x/y",
            127,
            'exec: "/x/y": stat /x/y: no such file or directory',
        ),
        ("open executable: Permission denied", "/etc/passwd", 126, 'exec: "/etc/passwd": permission denied'),
        ("open executable: Operation not permitted", "/etc", 126, 'exec: "/etc": is a directory'),
        ("open executable: Operation not permitted", "", 127, 'exec: "": executable file not found in $PATH'),
        ("open executable: Permission denied", "passwd", 127, 'exec: "passwd": executable file not found in $PATH'),
        (
            "open executable: Not a directory",
            "/etc/passwd/x",
            125,
            f'exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory: {outcome.MOUNT_ADVICE}',
        ),
        (
            'executable file `a "b"` not found in $PATH: No such file or directory',
            'a "b"',
            127,
            'exec: "a \\"b\\"": executable file not found in $PATH',
        ),
        ("something else", "ls", 125, "something else"),
    ],
)
def test_the_runtimes_words_become_dockers(message: str, program: str, code: int, detail: str) -> None:
    error = outcome.not_executed(message, program)
    assert (error.stderr, error.code) == (daemon_error(task_error(detail)), code)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            '{"msg":"exec container process `/x`: Exec format error","level":"error","time":"2026-01-01T00:00:00Z"}\n',
            "exec /x: exec format error\n",
        ),
        (
            '{"msg":"exec container process (missing dynamic library?) `/x`: No such file or directory",'
            '"level":"error","time":"2026-01-01T00:00:00Z"}\r\n',
            "exec /x: no such file or directory\r\n",
        ),
        ('{"msg":"hello","level":"error","time":"now"}\n', '{"msg":"hello","level":"error","time":"now"}\n'),
        ("exec container process", "exec container process"),
    ],
)
def test_what_the_kernel_cannot_execute_is_told_in_dockers_words(said: str, shown: str) -> None:
    assert outcome.reworded(said) == shown


@pytest.mark.parametrize(
    ("code", "number", "oom_kills", "result"),
    [
        (0, None, 0, (0, "exit", None)),
        (255, None, 0, (255, "exit", None)),
        (143, 15, 0, (143, "signal", "SIGTERM")),
        (137, 9, 0, (137, "signal", "SIGKILL")),
        (137, 9, 1, (137, "oom", "SIGKILL")),
        (137, None, 1, (137, "oom", "SIGKILL")),
        (1, None, 1, (1, "exit", None)),
        (200, 72, 0, (200, "signal", "72")),
    ],
)
def test_how_a_program_ended(
    code: int, number: int | None, oom_kills: int, result: tuple[int, str, str | None]
) -> None:
    assert outcome.exit_of_program(code, number, oom_kills) == result
