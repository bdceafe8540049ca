"""The tables themselves: enough lines, no line twice, no rule that nothing needs."""

from __future__ import annotations

import pytest

from conformance import normalise, table
from support.engine import Answer

TASK = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "
LOG = 'time="2026-01-01T00:00:00Z" level=error msg="error waiting for container: context canceled"\n'


def test_there_are_enough_lines_and_each_stands_there_once() -> None:
    lines = table.lines()
    assert len(lines) >= 250
    asked = [(line.line, line.fresh, line.first) for line in lines]
    assert len(set(asked)) == len(asked)
    assert len({line.id for line in lines}) == len(lines)


def test_every_named_rule_is_used_and_every_used_one_is_there() -> None:
    used = {name for line in table.lines() for name in line.rules}
    assert used == set(normalise.BY_NAME)


def test_every_rule_and_difference_says_why() -> None:
    assert all(len(rule.reason) > 10 for rule in (*normalise.ALWAYS, *normalise.NAMED))
    assert all(difference.why for difference in table.differences())


@pytest.mark.parametrize("before", [True, False])
def test_the_engines_words_become_those_of_docker_29(before: bool) -> None:
    error = f'docker: Error response from daemon: {TASK}exec: "ls": executable file not found in $PATH: unknown.\n'
    said = Answer("", LOG + error if before else error + LOG, 127)
    assert normalise.normalised(said, "engine").stderr == (
        f"docker: Error response from daemon: failed to create task for container: {TASK}"
        'error during container init: exec: "ls": executable file not found in $PATH\n\n'
        "Run 'docker run --help' for more information\n"
    )


def test_what_a_program_prints_is_left_alone() -> None:
    said = Answer("f" * 64 + ".\n", "sh: nothere: not found.\n", 127)
    ruled = normalise.normalised(said, "engine")
    assert (ruled.stdout, ruled.stderr) == (said.stdout, said.stderr)
