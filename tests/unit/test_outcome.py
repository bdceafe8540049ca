"""The outcome table, line by line."""

from __future__ import annotations

import pytest

from sandbox import outcome


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
    assert outcome.refusal(message, program) == outcome.Refusal(code, detail)


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
    assert outcome.ended(code, number, oom_kills) == result
