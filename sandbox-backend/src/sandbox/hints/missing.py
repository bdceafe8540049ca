"""Says why a program is not in an image, the likeliest mistake first: each rule is a small pure function.

The lines that come with a reason are what was perhaps meant; `gate` looks whether they hold.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.docker.cli import Run, shell
from sandbox.docker.cli.names import PROGRAMS
from sandbox.docker.errors import Fix
from sandbox.hints import expansion, options, spelling, tables, wording
from sandbox.hints.advice import Advice, instead, tail, with_fix
from sandbox.hints.text import LONGEST_LINE, plain, words
from sandbox.hints.world import Known, World

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_LIKE_A_TAG = re.compile(r":?(?:latest|[0-9]+(?:\.[0-9]+)*)")
_WITH_OPTIONS = re.compile(r"([a-z][a-z0-9]*)(--?[A-Za-z0-9]\S*)")


@dataclass(frozen=True, slots=True)
class Missing:
    """A program that was not found: the line as it was typed and parsed, and the image, None when it is not known."""

    line: str
    run: Run
    program: str
    image: Known | None
    world: World

    @property
    def programs(self) -> frozenset[str]:
        """What the image has; the usual programs where that is not known."""
        known = self.image.programs if self.image else None
        return PROGRAMS if known is None else known

    @property
    def bare(self) -> bool:
        """Whether the image has no shell, as far as that is known."""
        if self.image is None or self.image.programs is None:
            return self.image is not None and options.starts_no_shell(self.image)
        return not self.image.has_shell

    @property
    def named(self) -> bool:
        """Whether the program is the first word behind the image, and not one of `--entrypoint` or of the image."""
        return bool(self.run.args) and self.run.args[0] == self.program and not self.run.entrypoint


def advice(line: str, run: Run, program: str, image: Known | None, world: World) -> Advice:
    """Return why `program` is not in the image, and what was perhaps meant."""
    case = Missing(line, run, program, image, world)
    if not program:
        return Advice(wording.NO_NAME)
    for rule in _RULES if case.named else (_typographic, _entrypoint):
        found = rule(case)
        if found is not None:
            return found
    return Advice(f"{wording.NO_FILE.format(program=program)} {wording.CHECK_NAME}")


def _typographic(case: Missing) -> Advice | None:
    """Look at the line itself: in a message such a letter is escaped."""
    if len(case.line) > LONGEST_LINE or case.program.isascii():
        return None
    better = plain(case.line)
    return Advice(wording.SPACES, (better,)) if better != case.line.strip() else None


def _entrypoint(case: Missing) -> Advice | None:
    """Put the arguments of `--entrypoint` where they belong."""
    words = case.program.split()
    if case.run.entrypoint != case.program or len(words) < 2:
        return None
    moved = dataclasses.replace(case.run, args=(*words[1:], *case.run.args))
    return Advice(wording.ENTRYPOINT, (with_fix(moved, Fix("entrypoint", words[0])),))


def _path(case: Missing) -> Advice | None:
    """Blame the PATH of the line, where the image has the program."""
    given = any(entry.partition("=")[0] == "PATH" for entry in case.run.env)
    return Advice(wording.OTHER_PATH.format(program=case.program)) if given and case.program in case.programs else None


def _option(case: Missing) -> Advice | None:
    if len(case.program) < 2 or case.program[0] != "-":
        return None
    meant = tables.OPTIONS_OF.get(case.program)
    if meant and not options.is_label(case.run):
        reason = wording.PROGRAM_MISSING.format(meant=meant)
        return Advice(reason, (instead(case.run, meant, *case.run.args),))
    return options.behind(case.run, case.programs)


def _glued(case: Missing) -> Advice | None:
    """Put a blank before the options that were written into one word with the program."""
    match = _WITH_OPTIONS.fullmatch(case.program)
    if match is None or match[1] not in case.programs:
        return None
    return Advice(wording.GLUED.format(program=match[1]), (instead(case.run, *match.groups(), *case.run.args[1:]),))


def _assignment(case: Missing) -> Advice | None:
    if not _ASSIGNMENT.fullmatch(case.program):
        return None
    args = list(case.run.args)
    given: list[str] = []
    while args and _ASSIGNMENT.fullmatch(args[0]):
        given += ["-e", args.pop(0)]
    moved = dataclasses.replace(case.run, options=(*case.run.options, *given), args=tuple(args))
    return Advice(wording.ASSIGNMENT, (shell.join(moved.argv),) if args else ())


def _tag(case: Missing) -> Advice | None:
    run = case.run
    if not _LIKE_A_TAG.fullmatch(case.program) or set(":@") & set(run.image):
        return None
    tagged = dataclasses.replace(run, image=f"{run.image}:{case.program.removeprefix(':')}", args=run.args[1:])
    return Advice(wording.TAG_APART, (shell.join(tagged.argv),))


def _as_root(case: Missing) -> Advice | None:
    """Leave out what gives rights that the program has already."""
    if case.program not in ("sudo", "doas") or case.run.user:
        return None
    rest = case.run.args[1:]
    lines = (instead(case.run, *rest),) if rest and rest[0][:1] != "-" else ()
    return Advice(wording.AS_ROOT.format(program=case.program), lines)


def _one_word(case: Missing) -> Advice | None:
    if " " not in case.program.strip():
        return None
    split = words(case.program)
    if len(case.run.args) == 1 and split.stop is None and not expansion.signs(case.program):
        return Advice(wording.ONE_WORD, (instead(case.run, *split.texts),))
    if len(case.run.args) > 1:
        return Advice(wording.ONE_WORD, (instead(case.run, *case.program.split(), *case.run.args[1:]),))
    return Advice(wording.ONE_WORD, (instead(case.run, "sh", "-c", case.program),))


def _built_in(case: Missing) -> Advice | None:
    if case.program in tables.BASH_ONLY:
        return Advice(wording.BASH_ONLY.format(program=case.program))
    if case.program not in tables.BUILT_INS | tables.KEYWORDS:
        return None
    reason = wording.BUILT_IN.format(program=case.program)
    # what opens something does not close it in the same command
    alone = case.bare or case.program in tables.KEYWORDS
    return Advice(reason, () if alone else (instead(case.run, "sh", "-c", tail(case.line, case.run)),))


def _other_shell(case: Missing) -> Advice | None:
    name = case.program.rpartition("/")[2]
    if name not in tables.SHELLS or case.bare:
        return None
    reason, rest = wording.NO_SHELL.format(program=name), case.run.args[1:]
    if rest and tables.is_command(rest[0]):
        _, _, command = tail(case.line, case.run).partition(" ")
        rest = ("-c", command.strip())
    return Advice(reason, (instead(case.run, "sh", *rest),))


def _elsewhere(case: Missing) -> Advice | None:
    """Name where a well-known program is; of an image that is one program alone, another image that has it."""
    program = case.program.rpartition("/")[2]
    if case.bare and program in PROGRAMS:
        line = shell.join(dataclasses.replace(case.run, image="alpine").argv)
        return Advice(wording.NO_FILE.format(program=case.program), (line,))
    where = tables.WHERE.get(program)
    if where and case.image and case.image.stand_in and case.run.image.partition(":")[0] == where:
        return Advice(wording.STAND_IN.format(program=program, image=where))
    if where:
        return Advice(wording.ELSEWHERE.format(program=program, where=where))
    return None


def _alias(case: Missing) -> Advice | None:
    meant = tables.ALIASES.get(case.program, "")
    if meant.partition(" ")[0] not in case.programs:
        return None
    return Advice(wording.ALIAS.format(program=case.program, meant=meant))


def _well_known(case: Missing) -> Advice | None:
    name = case.program.rpartition("/")[2]
    return Advice(wording.NOT_INCLUDED.format(program=name)) if name in tables.WELL_KNOWN else None


def _other_folder(case: Missing) -> Advice | None:
    folder, _, name = case.program.rpartition("/")
    if not folder or folder.startswith(".") or name not in case.programs:
        return None
    return Advice(wording.NO_FILE.format(program=case.program), (instead(case.run, name, *case.run.args[1:]),))


def _misspelt(case: Missing) -> Advice | None:
    lower = case.program.lower().strip()
    if "/" in lower or case.bare:
        return None
    near = None if case.program in tables.WELL_KNOWN else spelling.near(lower, PROGRAMS & case.programs)
    meant = lower if lower in case.programs else near
    # an image may have a file of that name which is no program, such as a link that leads nowhere
    if meant is None or meant == case.program:
        return None
    return Advice(wording.NO_FILE.format(program=case.program), (instead(case.run, meant, *case.run.args[1:]),))


_RULES: tuple[Callable[[Missing], Advice | None], ...] = (
    _typographic,
    _path,
    _option,
    _tag,
    _assignment,
    _as_root,
    _one_word,
    _glued,
    _built_in,
    _other_shell,
    _elsewhere,
    _alias,
    _other_folder,
    _misspelt,
    _well_known,
)
