"""Chooses what to say after a command that ended badly, from its line and from how it ended."""

from __future__ import annotations

import re

from sandbox.docker import go, messages
from sandbox.docker.cli import Pull, Run
from sandbox.docker.outcome import NOT_EXECUTABLE, NOT_FOUND
from sandbox.hints import missing, names, tables, taken, text, wording
from sandbox.hints.advice import Advice, instead, tail
from sandbox.hints.world import Known, World
from sandbox.model.events import Exited
from sandbox.model.plan import MIB
from sandbox.model.protocol import Script

_FAILED = re.compile(r'exec: "((?:[^"\\]|\\.)*)": ')
# a message's part, and what to say of it
_DAEMON = (
    ("No such image", wording.NEVER_PULLED),
    ("unsupported media type", wording.NOT_AN_IMAGE),
    ("unable to find user", wording.NO_USER),
    ("unable to find group", wording.NO_GROUP),
    ("a container has the user and group ids", wording.HIGH_ID),
    ("must be in range", wording.USER_RANGE),
    (messages.NO_COMMAND, wording.NO_COMMAND),
    ("stat /dev/", wording.NO_DEVICE),
    (messages.NO_DISK, wording.NO_DISK),
    (messages.SHARED_DISK, wording.SHARED_DISK),
    (messages.TOO_SLOW, wording.TOO_SLOW),
    (messages.NO_BRIDGE, wording.NO_BRIDGE),
    (messages.FULL_BRIDGE, wording.FULL_BRIDGE),
    ("stdin is not a terminal", wording.NO_TERMINAL),
)
_REASONS = {"timeout": wording.TIMED_OUT, "output-limit": wording.TOO_MUCH_OUTPUT}
_NATURAL = {"SIGKILL", "SIGSEGV", "SIGABRT", "SIGILL", "SIGFPE", "SIGBUS"}
# with which shells say that there is no such script
_NO_SCRIPT = {1, 2, NOT_EXECUTABLE, NOT_FOUND}


def advice(line: str, asked: Run | Pull, exited: Exited, image: Known | None, world: World) -> Advice | None:
    """Return what helps after `exited`; `image` is None when none was found."""
    if exited.reason in _REASONS:
        return Advice(_REASONS[exited.reason])
    if isinstance(asked, Pull):
        return names.advice(line, asked, exited.message or "", world)
    if exited.reason == "oom":
        return Advice(_memory(asked, world))
    if exited.reason == "not-started":
        return _not_started(line, asked, exited, image, world)
    if exited.reason == "signal" and exited.signal == "SIGSYS":
        return Advice(wording.OTHER_CALLS)
    if exited.reason == "signal" and exited.signal in _NATURAL:
        return Advice(wording.KILLED.format(signal=exited.signal))
    return _ended(line, asked, exited.code, image, world) if exited.reason == "exit" and exited.code else None


def of_script(script: Script) -> Advice:
    """Return what to say of a script that the kernel has not executed."""
    told = wording.SCRIPTS[script.fault]
    return Advice(told.format(program=script.program, interpreter=script.interpreter))


def _memory(run: Run, world: World) -> str:
    most = world.limits.memory
    if run.memory and run.memory < most:
        return wording.OUT_OF_MEMORY
    return wording.ALL_MEMORY.format(most=f"{most // MIB}MiB")


def _not_started(line: str, run: Run, exited: Exited, image: Known | None, world: World) -> Advice | None:
    message = exited.message or ""
    meant = tuple(taken.two_hyphens(line))
    if meant:
        return Advice(wording.ONE_HYPHEN, meant)
    failed = _FAILED.search(message)
    if failed is None:
        said = next((said for part, said in _DAEMON if part in message), None)
        return Advice(said) if said else names.advice(line, run, message, world)
    program = _program(run, failed[1])
    # what a shell reads a file with is the name of every folder, too
    if "is a directory" in message and program not in tables.BUILT_INS:
        return Advice(wording.FOLDER.format(program=program), _about(run, program, "ls"))
    if exited.code == NOT_EXECUTABLE and program not in tables.BUILT_INS:
        return Advice(wording.NO_PERMISSION.format(program=program), _about(run, program, "cat"))
    return missing.advice(line, run, program, image, world)


def _program(run: Run, shown: str) -> str:
    """Return the program as the line has it: in a message some of its characters are escaped."""
    words = (run.entrypoint or "", *run.args[:1])
    return next((word for word in words if word and go.quote(word)[1:-1] == shown), shown)


def _about(run: Run, program: str, looks: str) -> tuple[str, ...]:
    """Return the line that looks at what was to be started."""
    return (instead(run, looks, program),) if run.args[:1] == (program,) and not run.entrypoint else ()


def _ended(line: str, run: Run, code: int, image: Known | None, world: World) -> Advice | None:
    """Return what to say of a program that failed by itself: only what is the line's doing."""
    if len(line) <= text.LONGEST_LINE and not line.isascii():
        spaced = text.spaces(line)
        if (better := text.dashes(spaced)) != line.strip():
            return Advice(wording.SPACES if better == spaced else wording.DASHES, (better,))
    if code == NOT_FOUND and run.init and _lacks(image, run):
        # its init has started, and looked for it
        return missing.advice(line, run, run.args[0], image, world)
    shell = _script_of_a_shell(run)
    if shell and code in _NO_SCRIPT:
        _, _, command = tail(line, run).partition(" ")
        return Advice(wording.IN_A_SHELL.format(shell=shell), (instead(run, run.args[0], "-c", command.strip()),))
    if code == NOT_FOUND and _is_shell(run, image):
        return Advice(wording.SHELL_NOT_FOUND)
    return None


def _lacks(image: Known | None, run: Run) -> bool:
    """Return whether an image is known not to have the program behind its name."""
    if image is None or image.programs is None or run.entrypoint or image.entrypoint or not run.args:
        return False
    return run.args[0] not in image.programs | image.paths


def _script_of_a_shell(run: Run) -> str:
    """Return the shell that was given a command where it takes the name of a script; empty if none was."""
    if run.entrypoint or len(run.args) < 2 or run.args[0].rpartition("/")[2] not in tables.SHELLS:
        return ""
    return run.args[0] if tables.is_command(run.args[1]) else ""


def _is_shell(run: Run, image: Known | None) -> bool:
    first = run.entrypoint or (run.args[0] if run.args else "")
    if first:
        return first.rpartition("/")[2] in tables.SHELLS
    return image is not None and not image.entrypoint and image.cmd[:1] == ("/bin/sh",)
