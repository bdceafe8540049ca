"""Decides on hints and notices: what to say of a command that was not carried out, and which line to offer instead.

All of it is pure. Rules say what was perhaps meant; the `gate` alone lets a line through to the reader, when it is
known that it holds on this host.
"""

from __future__ import annotations

from sandbox.docker.cli import Printed, Pull, Run
from sandbox.docker.cli.command import Command
from sandbox.docker.errors import DockerError
from sandbox.hints import corrections, expansion, gate, results, taken, text, wording
from sandbox.hints.advice import Advice, with_fix
from sandbox.hints.world import Known, World, known, offered_here
from sandbox.model.events import Exited
from sandbox.model.protocol import Script

__all__ = [
    "Known",
    "World",
    "for_printed",
    "for_refusal",
    "for_result",
    "for_script",
    "known",
    "notice",
    "offered_here",
]


def for_printed(line: str, printed: Printed, world: World) -> str | None:
    """Return the hint for a line that docker's client answers by itself; None when that is the answer asked for."""
    if not printed.code and printed.stdout:
        return None
    world = world.anew()
    better = corrections.repaired(line, world)
    if better is not None:
        return better
    eaten = taken.eaten(line, world)
    if eaten:
        return f"{printed.hint or ''} {eaten}".lstrip()
    return gate.spoken(Advice(printed.hint or "", printed.offers), world) or None


def for_refusal(run: Run, error: DockerError, world: World) -> str | None:
    """Return the hint for a `docker run` that the policy does not take; None when the error has none."""
    if error.hint is None or error.fix is None:
        return error.hint
    said = gate.spoken(Advice(error.hint, (with_fix(run, error.fix),)), world.anew())
    if wording.offered(said) is not None or error.fix.text is None:
        return said
    written = wording.WRITE.format(flag=f"--{error.fix.flag}", text=error.fix.text)
    return f"{error.hint} {written}{said.removeprefix(error.hint)}"


def for_result(line: str, asked: Run | Pull, exited: Exited, image: Known | None, world: World) -> str | None:
    """Return the hint for how a command ended, when there is something that helps; `image` is None when none was
    found."""
    world = world.anew()
    advice = results.advice(line, asked, exited, image, world)
    return gate.spoken(advice, world) if advice else None


def for_script(script: Script, world: World) -> str:
    """Return the hint for a script that the kernel has not executed."""
    return gate.spoken(results.of_script(script), world.anew())


def notice(line: str, command: Command, world: World) -> str | None:
    """Return what a shell would have replaced in `line` first, with the line in single quotes, where that runs here."""
    if len(line) > text.LONGEST_LINE:
        return None
    found = expansion.signs(line)
    if not found or (isinstance(command, Printed) and not _is_read(line, command)):
        return None
    world = world.anew()
    said, better = expansion.told(found), expansion.quoted(line, found)
    if world.parse(better) != command or expansion.signs(better) or not gate.verdict(better, world).sound:
        return said
    return wording.try_line(f"{said} {wording.SINGLE_QUOTES}", better)


def _is_read(line: str, printed: Printed) -> bool:
    """Return whether docker's client has read the line to its end, and not liked it."""
    split = text.words(line)
    return split.stop is None and split.texts[:1] == ("docker",) and not printed.stdout
