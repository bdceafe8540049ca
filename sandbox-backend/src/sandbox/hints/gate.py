"""Decides which lines are offered: one that parses, that the policy takes, whose image is here and has the program.

A hint is a claim. What is not known to be true on this host is not offered; what stands in its way is said instead.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from sandbox import policy
from sandbox.docker.cli import Images, Printed, Pull, Run
from sandbox.docker.errors import DockerError
from sandbox.hints import missing, tables, wording
from sandbox.hints.advice import Advice, with_fix
from sandbox.hints.world import Known, World
from sandbox.model import platform as platforms
from sandbox.model.plan import Plan
from sandbox.oci import process

MOST_STEPS = 5
# where an image's programs are listed
PROGRAM_FOLDERS = frozenset("/bin /sbin /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin".split())
# an empty folder there hides programs, or what they need
_NEEDED = PROGRAM_FOLDERS | {"/usr", "/usr/local", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc"}
_LARGEST_ID = 65_535


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a line does here what it says; if not, why, in Korean where that is known, and lines to try instead."""

    sound: bool
    why: str = ""
    better: tuple[str, ...] = ()


_SOUND, _UNKNOWN = Verdict(True), Verdict(False)


def spoken(advice: Advice, world: World) -> str:
    """Return the hint: the reason with the first of the lines that holds here, or with why none does."""
    why = ""
    for line in advice.lines:
        said, found = mended(line, world)
        if found is not None:
            return wording.try_line(_joined(advice.reason, said), found)
        why = why or said
    return _joined(advice.reason, why)


def mended(line: str, world: World) -> tuple[str, str | None]:
    """Return what has to be said of `line`, and the line itself with the changes that this host asks for; None in its
    place where it cannot be had."""
    reasons, seen = "", {line}
    for _ in range(MOST_STEPS if len(line) <= wording.LONGEST_LINE else 0):
        found = verdict(line, world)
        if found.sound:
            return reasons, line
        reasons = _joined(reasons, found.why)
        line = next((other for other in found.better if other not in seen), "")
        if not line:
            break
        seen.add(line)
    return reasons, None


def _joined(first: str, second: str) -> str:
    return first if second in first else f"{first} {second}".strip()


def verdict(line: str, world: World) -> Verdict:
    """Return whether `line` would do on this host what it says: a run starts, a pull finds its image."""
    command = world.parse(line)
    match command:
        case None:
            return _UNKNOWN
        case Printed():
            return Verdict(not command.code and bool(command.stdout), command.hint or "", command.offers)
        case Images():
            return _SOUND
        case Pull():
            return _SOUND if world.find(command.image) and _fits(command.platform, world) else _UNKNOWN
        case Run():
            return _of_run(line, command, world)


def _of_run(line: str, run: Run, world: World) -> Verdict:
    if run.interactive and run.tty:
        return Verdict(False, wording.NO_TERMINAL)
    try:
        plan = policy.decide(run, world.limits)
        policy.check(world.isolation, plan)
    except DockerError as error:
        return Verdict(False, error.hint or "", (with_fix(run, error.fix),) if error.fix else ())
    image = world.find(run.image)
    if image is None or not _fits(run.platform, world) or not _is_plain(plan, world):
        return _UNKNOWN
    if run.pull == "never":
        # a host may last for one run only, and then has nothing of the one before
        return _UNKNOWN if image.held else Verdict(False, wording.NEVER_PULLED)
    argv, _ = process.argv(plan, image.config)
    if not argv:
        return Verdict(False, wording.NO_COMMAND)
    there = _has(image, argv[0], run)
    if there is None:
        return _UNKNOWN
    if there:
        return _SOUND
    advice = missing.advice(line, run, argv[0], image, world)
    return Verdict(False, advice.reason, advice.lines)


def _fits(platform: str | None, world: World) -> bool:
    """Return whether what is asked for runs on this machine, as far as that is known."""
    if platform is None:
        return True
    wanted = platforms.parse(platform)
    here = platforms.normalised("linux", world.architecture).architecture
    return wanted.os == "linux" and wanted.architecture in ("", here)


def _is_plain(plan: Plan, world: World) -> bool:
    """Return whether all else in a plan is known to hold: who shares a namespace is running, the user is there, no
    folder hides the programs, and the disks are the one that there is, at a rate that every kernel takes."""
    rates, users = plan.throttles, tables.USERS if tables.IMAGES.get(plan.image) else frozenset[str]()
    return (
        all(join.container in world.containers for join in plan.joins)
        and all(part in users or _is_number(part) for part in (*(plan.user or "0").split(":"), *plan.groups))
        and not any(mount.path in _NEEDED for mount in plan.tmpfs)
        and all(one.path == "/dev/loop0" and one.rate != 1 for one in rates)
        and not (rates and plan.joins)
    )


def _is_number(user: str) -> bool:
    """Return whether a user or group is a number, which needs no file of the image."""
    return user.isascii() and user.isdigit() and len(user) <= 5 and int(user) <= _LARGEST_ID


def _has(image: Known, program: str, run: Run) -> bool | None:
    """Return whether an image has a program; None for one that is somewhere else than programs are listed. Where they
    are not known at all, it may have it."""
    if image.programs is None:
        return bool(program)
    if program in image.paths or program in image.cmd[:1] or program in image.entrypoint[:1]:
        return True
    folder, name = posixpath.split(program)
    if folder:
        return False if folder in PROGRAM_FOLDERS and image.paths != tables.PATHS else None
    if any(entry.startswith("PATH=") or entry == "PATH" for entry in run.env):
        return None
    return name in image.programs
