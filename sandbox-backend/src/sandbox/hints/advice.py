"""Holds an advice before anybody has looked whether it is true here: a reason, and lines that were perhaps meant."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sandbox.docker.cli import Pull, Run, shell
from sandbox.docker.cli.pflag import Use, scan
from sandbox.docker.cli.verbs.flags import RUN
from sandbox.docker.cli.verbs.run import rewritten
from sandbox.docker.errors import Fix
from sandbox.hints import text


@dataclass(frozen=True, slots=True)
class Advice:
    """`reason` is Korean; `lines` come in the order of their likelihood."""

    reason: str
    lines: tuple[str, ...] = ()


def instead(run: Run, *args: str) -> str:
    """Return the line of `run` with other arguments behind the image."""
    return shell.join(dataclasses.replace(run, args=args).argv)


def with_image(line: str, asked: Run | Pull, image: str) -> str:
    """Return `line` with another image, all else as it was written."""
    words = text.words(line).words
    behind = len(asked.args) if isinstance(asked, Run) else 0
    at = len(words) - behind - 1
    if at < 0 or words[at].text != asked.image:
        argv = dataclasses.replace(asked, image=image).argv if isinstance(asked, Run) else ("docker", "pull", image)
        return shell.join(argv)
    return f"{line[: words[at].start]}{image}{line[words[at].end :]}".strip()


def with_fix(run: Run, fix: Fix) -> str:
    """Return the line of `run` with its options changed."""

    def change(use: Use) -> tuple[str, ...] | None:
        if use.flag.name != fix.flag or not use.text.startswith(fix.of):
            return None
        name = f"-{use.letter}" if use.letter else f"--{fix.flag}"
        return () if fix.text is None else (name, fix.text)

    uses = scan(run.options, RUN, interspersed=False).uses
    options = tuple(rewritten(run.options, uses, change))
    return shell.join(dataclasses.replace(run, options=options).argv)


def tail(line: str, run: Run) -> str:
    """Return what stands behind the image as it was written, quotes and all; joined anew where that is not known."""
    words = text.words(line).words
    if not run.args or len(words) <= len(run.args):
        return shell.join(run.args)
    behind = words[-len(run.args) :]
    if tuple(word.text for word in behind) != run.args:
        return shell.join(run.args)
    return line[behind[0].start : behind[-1].end]
