"""Chooses one Korean step that helps after a run that ended badly, from the line and from how the run ended. Pure."""

from __future__ import annotations

import dataclasses
import re

from sandbox.docker.cli import corrections, shell, wording
from sandbox.docker.cli.command import Run
from sandbox.docker.cli.names import BUILT_INS, PROGRAMS, near
from sandbox.docker.cli.verbs.run import flag_named
from sandbox.docker.messages import FULL_BRIDGE, NO_BRIDGE, NO_DISK, SHARED_DISK, TOO_SLOW
from sandbox.model.events import Exited
from sandbox.model.image import Image

_FAILED = re.compile(r'exec: "((?:[^"\\]|\\.)*)": ')
_SHELLS = frozenset({"sh", "bash", "ash", "/bin/sh", "/bin/bash", "/bin/ash"})
# a message's part, what to say, and the image to try instead, if any
_DAEMON = (
    ("No such image", wording.NEVER_PULLED, None),
    ("pull access denied", wording.NOT_IN_REGISTRY, "alpine"),
    (": not found", wording.NO_TAG, None),
    ("unable to find user", wording.NO_USER, None),
    ("no command specified", wording.NO_COMMAND, None),
    ("stat /dev/", wording.NO_DEVICE, None),
    (NO_DISK, wording.NO_DISK, None),
    (SHARED_DISK, wording.SHARED_DISK, None),
    (TOO_SLOW, wording.TOO_SLOW, None),
    (NO_BRIDGE, wording.NO_BRIDGE, None),
    (FULL_BRIDGE, wording.FULL_BRIDGE, None),
    ("stdin is not a terminal", wording.NO_TERMINAL, None),
)
_REASONS = {
    "oom": wording.OUT_OF_MEMORY,
    "timeout": wording.TIMED_OUT,
    "output-limit": wording.TOO_MUCH_OUTPUT,
}
_NATURAL = {"SIGKILL", "SIGSEGV", "SIGABRT", "SIGILL", "SIGFPE", "SIGBUS"}


def for_result(run: Run, exited: Exited, image: Image | None) -> str | None:
    """Return the hint for `exited`, when there is something that helps; `image` is None when none was found."""
    if exited.reason in _REASONS:
        return _REASONS[exited.reason]
    if exited.reason == "not-started":
        return _not_started(run, exited, image)
    if exited.reason == "signal" and exited.signal in _NATURAL:
        return wording.KILLED.format(signal=exited.signal)
    if exited.reason == "exit" and exited.code == 127 and _is_shell(run, image):
        return wording.SHELL_NOT_FOUND
    return None


def _is_shell(run: Run, image: Image | None) -> bool:
    first = run.entrypoint or (run.args[0] if run.args else "")
    return first in _SHELLS or (not first and image is not None and image.config.cmd[:1] == ("/bin/sh",))


def _not_started(run: Run, exited: Exited, image: Image | None) -> str | None:
    message = exited.message or ""
    failed = _FAILED.search(message)
    if failed is None:
        return _daemon(run, message)
    program = re.sub(r'\\(["\\])', r"\1", failed[1])
    if "is a directory" in message:
        return wording.try_line(wording.FOLDER.format(program=program), _instead(run, "ls", program))
    if exited.code == 126:
        return wording.try_line(wording.NO_PERMISSION.format(program=program), _instead(run, "cat", program))
    return _missing(run, program, image)


def _daemon(run: Run, message: str) -> str | None:
    for part, said, other in _DAEMON:
        if part in message:
            return wording.try_line(said, _line(run, image=other)) if other else said
    return None


def _missing(run: Run, program: str, image: Image | None) -> str:
    """Return why the program is not in the image: the likeliest mistake first, the plain fact last."""
    for look in (_moved_flag, _typographic, _one_word, _built_in, _other_shell, _misspelt):
        hint = look(run, program)
        if hint is not None:
            return hint
    missing = wording.NO_FILE.format(program=program)
    if _is_bare(run, image) and run.args and program == run.args[0]:
        return wording.try_line(missing, _line(run, image="alpine"))
    return f"{missing} {wording.CHECK_NAME}"


def _is_bare(run: Run, image: Image | None) -> bool:
    """Return whether the image is one program without a shell, as far as its configuration shows."""
    name = run.image.rpartition("/")[2].partition(":")[0].partition("@")[0]
    if name == "hello-world":
        return True
    return image is not None and bool(image.config.cmd or image.config.entrypoint) and _has_no_shell(image)


def _has_no_shell(image: Image) -> bool:
    words = (*image.config.entrypoint, *image.config.cmd)
    return not any(word.rpartition("/")[2] in ("sh", "bash", "ash") for word in words) and len(image.layers) == 1


def _moved_flag(run: Run, program: str) -> str | None:
    if not run.args or program != run.args[0] or flag_named(program) is None:
        return None
    flag = flag_named(program)
    takes = 2 if flag is not None and not flag.is_boolean and "=" not in program else 1
    moved = dataclasses.replace(run, options=(*run.options, *run.args[:takes]), args=run.args[takes:])
    return wording.try_line(wording.FLAG_AFTER_IMAGE.format(flag=program), _line(moved))


def _typographic(run: Run, program: str) -> str | None:
    line = " ".join(run.argv)
    better = corrections.plain(line) if len(line) <= corrections.LONGEST_LINE and not program.isascii() else line
    return wording.try_line(wording.SPACES, better) if better != line else None


def _one_word(run: Run, program: str) -> str | None:
    if not run.args or run.args[0] != program or " " not in program.strip():
        return None
    split = (*program.split(), *run.args[1:])
    return wording.try_line(wording.ONE_WORD, _line(dataclasses.replace(run, args=split)))


def _built_in(run: Run, program: str) -> str | None:
    if program not in BUILT_INS or not run.args or _is_bare(run, None):
        return None
    inside = dataclasses.replace(run, args=("sh", "-c", shell.join(run.args)))
    return wording.try_line(wording.BUILT_IN.format(program=program), _line(inside))


def _other_shell(run: Run, program: str) -> str | None:
    if program.rpartition("/")[2] != "bash" or _is_bare(run, None):
        return None
    return wording.try_line(wording.NO_BASH, _instead(run, "sh", *run.args[1:]))


def _misspelt(run: Run, program: str) -> str | None:
    if not run.args or program in PROGRAMS or "/" in program or _is_bare(run, None):
        return None
    meant = near(program.lower(), PROGRAMS)
    if meant is None:
        return None
    return wording.try_line(wording.NO_FILE.format(program=program), _instead(run, meant, *run.args[1:]))


def _instead(run: Run, *args: str) -> str:
    return _line(dataclasses.replace(run, args=args))


def _line(run: Run, image: str | None = None) -> str:
    return shell.join(dataclasses.replace(run, image=image or run.image).argv)
