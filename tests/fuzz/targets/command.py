"""A command line: any text gets a decision or Docker's refusal, and what it is read as can be said again."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st

from fuzz.engine import Check, Target
from fuzz.mutation import Inputs, long, mutated
from fuzz.strict import strict
from sandbox import hints, policy
from sandbox.docker.cli import Images, Printed, Pull, Run, as_dict, parse, shell
from sandbox.docker.cli.verbs.flags import RUN
from sandbox.docker.errors import DockerError
from sandbox.model import events, plan, protocol, reference
from sandbox.model.isolations import PROFILES
from sandbox.model.plan import Limits, Plan
from sandbox.model.protocol import PullRequest, RunRequest
from sandbox.web.runs import listing
from support.backend import REPOSITORY
from support.fake_runner import KNOWN, known_image
from support.pretend_host import FRESH

CASES = REPOSITORY / "tests/unit/cases/command"
VISIBLE = "docker run pull images alpine ls --rm -it -e A=B -m 64m -- - --= -=x ' \" \\ | $( ` ; # “ — $ = : @".split()
PIECES = [*VISIBLE, "sudo ", " ", "\u3000", "\n", "\0", "\ud800", "[", "*", "?", "!", ".", "1", "e", "0x", "-", "+"]
VALUES = "0 -1 1 64m 1e9 0x1f 1.5 -0 9223372036854775808 1/3 /a:size=1m /dev/x:1 host bridge container: container:x"
ENDS = [("exit", 127), ("not-started", 127), ("not-started", 126), ("not-started", 125), ("signal", 139), ("oom", 137)]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def text(data: bytes) -> str:
    """The line in an input; bytes that are no UTF-8 become half characters, which no program can be given."""
    return data.decode("utf-8", "surrogateescape")


def data(line: str) -> bytes:
    """The input of a line."""
    return line.encode("utf-8", "surrogatepass")


def check(given: bytes) -> str:
    """Have a line answered, and do with the answer what is done with it."""
    line = text(given)
    answer = parse(line)
    said = hints.notice(line, answer, FRESH)
    assert said is None or said
    shown = as_dict(answer)
    strict(events.encode(events.Accepted("0", "0", shown, "container"), 0.0))
    match answer:
        case Run():
            assert parse(shell.join(answer.argv)) == answer
            return f"run {_decided(line, answer)}"
        case Pull():
            familiar = reference.parse(answer.image).familiar
            _arrives(PullRequest(familiar, answer.platform, (), 0.0))
        case Images():
            listing.table(answer, {name: known_image(name) for name in KNOWN}, KNOWN[:1], NOW)
        case Printed():
            assert answer.code == 0 or answer.stderr
            hint = hints.for_printed(line, answer, FRESH)
            assert answer.stdout or hint
            return f"printed {answer.code} {(hint or answer.stdout)[:12]}"
    return answer.name


def _decided(line: str, run: Run) -> str:
    try:
        allowed = policy.decide(run, Limits())
    except DockerError as error:
        return _refused(error)
    joins = tuple(dataclasses.replace(join, container="0" * 64) for join in allowed.joins)
    # what policy lets through, the runner takes
    plan.check(dataclasses.replace(allowed, joins=joins), Limits())
    _arrives(RunRequest("sha256:0", allowed, "container", "0", 0.0))
    for reason, code in ENDS:
        message = f'docker: Error response from daemon: exec: "{run.args[0] if run.args else ""}": not found\n'
        ended = events.Exited(code, reason, "SIGSEGV", message)  # type: ignore[arg-type]  # one of the reasons
        said = hints.for_result(line, run, ended, hints.known(known_image(KNOWN[0])), FRESH)
        assert said is None or said
    return f"allowed {' '.join(_refusing(allowed))}"


def _refused(error: DockerError) -> str:
    assert error.stderr
    assert error.code in range(1, 256)
    assert error.hint
    return f"{error.code} {error.hint[:12]}"


def _refusing(allowed: Plan) -> Iterator[str]:
    """The isolations that refuse a plan."""
    for name, profile in PROFILES.items():
        try:
            policy.check(name, allowed)
        except DockerError:
            assert profile.refuses(allowed)
            yield name


def _arrives(request: protocol.Request) -> None:
    line = protocol.encode(request)
    assert len(line) <= protocol.LONGEST_REQUEST
    assert protocol.decode_request(line) == request


def inputs(seeds: Sequence[bytes]) -> Inputs:
    """Any text, the pieces of a line in any order, lines of flags, seeds with changes, and very long ones."""
    word = st.sampled_from([*PIECES, *VALUES.split()]) | st.text(st.characters(), max_size=8)
    flag = st.sampled_from([f"--{flag.name}" for flag in RUN.flags] + [f"-{letter}" for letter in RUN.by_letter])
    used = st.builds("{}{}{}".format, flag, st.sampled_from([" ", "="]), word)
    run = st.builds("docker run {} {}".format, st.lists(used, max_size=6).map(" ".join), st.lists(word).map(" ".join))
    lines = st.one_of(
        st.text(st.characters(), max_size=200),
        st.lists(word, max_size=20).map(" ".join),
        st.lists(word, max_size=20).map("".join),
        run,
    )
    heads = ["", "docker ", "docker run ", "docker run alpine ", "docker images ", "docker run -", 'docker run "']
    # one flag for each way to read a value
    heads += [f"docker run --{name} " for name in {flag.read: flag.name for flag in RUN.flags}.values()]
    units = [data(piece) for piece in (*PIECES, "-e A=B ", "--tmpfs /a ", "-v a ", "a-", "a.", "a__", "1x", "*a")]
    tails = [b"", b" alpine", b"!", b"1x1 alpine", b"'", b'"', b"]", b"/b/c"]
    return lines.map(data) | mutated(seeds, units) | long([data(head) for head in heads], units, tails)


def golden() -> list[bytes]:
    """The lines of the golden cases."""
    return [data(tomllib.loads(file.read_text())["line"]) for file in sorted(CASES.glob("*.toml"))]


@contextmanager
def opened(_: Path) -> Iterator[Check]:
    """What checks a line."""
    yield check


TARGET = Target("command", inputs, opened, examples=600, extra=golden, traced=True)
