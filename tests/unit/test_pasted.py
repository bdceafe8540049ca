"""What is pasted: whole terminal sessions, Markdown, and lines that PowerShell and cmd continue."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.docker.cli import Run, parse, pasted
from support import pace
from support.pretend_host import told

# assets/rare/pasted.js is tested on the same
CASES: list[tuple[str, str, str | None]] = json.loads((Path(__file__).parent / "cases/pasted.json").read_text())
LONG: dict[str, Callable[[int], str]] = {
    "prompts": lambda size: "$ " * (size // 2),
    "blanks before a prompt": lambda size: " " * (size // 2) + "$" * (size // 2),
    "blanks behind a prompt": lambda size: "$" + " " * size,
    "arrows and blanks": lambda size: "➜" + " " * size,
    "rows of arrows": lambda size: "➜ " * (size // 2),
    "variables": lambda size: "$a=" * (size // 3),
    "a long variable": lambda size: "$a=" + "x" * size,
    "programs that start others": lambda size: "$ time -a " * (size // 10),
    "numbers": lambda size: " " + "1" * size,
    "elements": lambda size: "<a" * (size // 2) + ">docker run",
    "open quotes": lambda size: "docker run " + "'\"" * (size // 2),
    "escapes": lambda size: "docker run " + "\\" * size,
    "signs and blanks": lambda size: "docker run " + "^   \\  " * (size // 7),
    "blanks at the end": lambda size: "docker run" + " " * size,
    "continued lines": lambda size: "docker run" + " \\\n" * (size // 3),
    "lines of others": lambda size: "# docker\n" * (size // 9),
}


@pytest.mark.parametrize(("text", "taken"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_first_command_is_taken_out_of_what_is_pasted(text: str, taken: str | None) -> None:
    assert pasted.command(text) == taken


@pytest.mark.parametrize("taken", sorted({case[2] for case in CASES if case[2]}))
def test_what_was_taken_is_taken_again_as_it_is(taken: str) -> None:
    assert pasted.command(taken) == taken


def _took(text: str) -> float:
    begun = time.perf_counter()
    pasted.command(text)
    pasted.continued(text)
    return time.perf_counter() - begun


@pytest.mark.parametrize("make", LONG.values(), ids=LONG)
def test_the_time_grows_with_the_length_only(make: Callable[[int], str]) -> None:
    assert min(_took(make(64_000)) for _ in range(3)) < pace.seconds(0.5)


@pytest.mark.parametrize(
    "line",
    [
        "docker run `\r\n  --rm `\r\n  alpine ls\r\n",
        "docker run ^\r\n  --rm ^\r\n  alpine ls",
        "docker run \\\r\n  --rm \\ \n  alpine ls",
        "docker run \\\n  --rm al\\\npine ls",
    ],
)
def test_a_line_that_another_shell_continues_runs(line: str) -> None:
    assert parse(line) == Run(image="alpine", args=("ls",), remove=True, options=("--rm",))


def test_the_lines_of_a_program_in_quotes_are_its_own() -> None:
    found = parse("docker run alpine sh -c 'echo a ^\n echo b `\n\techo \\ \n c'")
    assert isinstance(found, Run)
    assert found.args[2] == "echo a ^\n echo b `\n\techo \\ \n c"


@pytest.mark.parametrize(
    "line", ["docker run alpine echo ^\n", "docker run alpine echo ^  ", "docker run alpine echo ^"]
)
def test_a_sign_at_the_very_end_continues_nothing(line: str) -> None:
    found = parse(line)
    assert isinstance(found, Run)
    assert found.args == ("echo", "^")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("kim@MacBook-Pro ~ % docker run alpine ls", "docker run alpine ls"),
        ("[root@localhost ~]# docker run alpine ls", "docker run alpine ls"),
        ("➜  ~ docker run alpine ls", "docker run alpine ls"),
        ("(base) kim@pc:~$ sudo docker run alpine ls", "docker run alpine ls"),
        ("```\n# comment\n$ docker run alpine ls\nbin\n```\n", "docker run alpine ls"),
        ("$ docker run alpine sh -c '\n> echo a'\na\n", "docker run alpine sh -c '\necho a'"),
        ("$ docker run alpine ls\n" + "bin\n" * 1000 + "$ docker images\n", "docker run alpine ls"),
    ],
    ids=range(7),
)
def test_the_command_of_a_session_is_offered(line: str, offered: str) -> None:
    assert told(line).offers == [offered]
