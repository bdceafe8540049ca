"""Translates how a run ended into Docker's terms: the outcome table as pure functions.

The OCI runtime's own words (crun's) become the detail that runc would give, because readers of Docker's
messages find that there; the exit codes are those of docker/cli `cli/command/container/run.go`.
"""

from __future__ import annotations

import re
import signal

from sandbox.docker.errors import DockerError
from sandbox.docker.go import quote
from sandbox.docker.messages import daemon_error, task_error
from sandbox.model.events import Reason

NOT_FOUND, NOT_EXECUTABLE, NOT_STARTED, KILLED = 127, 126, 125, 137
# the daemon adds it to whatever the kernel says that about (moby `daemon/errors.go`)
MOUNT_ADVICE = (
    "Are you trying to mount a directory onto a file (or vice-versa)? "
    "Check if the specified host path exists and is the expected type"
)
_OUT_OF_MEMORY = re.compile(
    r"(Memory cgroup out of memory: Killed process \d+ \(.*\) total-vm:.*), UID:(\d+) pgtables:\S+ oom_score_adj:\S+$",
    re.MULTILINE,
)
_NOT_EXECUTED = re.compile(
    r'\{"msg":"exec container process (?:\([^)]*\) )?`([^`]*)`: ([^":]+)","level":"error","time":"[^"]*"\}(\r?\n)'
)


def not_created(message: str) -> DockerError:
    """Return the error for a container that the daemon could not start because of `message`."""
    return DockerError(daemon_error(message), exit_code(message))


def not_executed(message: str, program: str) -> DockerError:
    """Return the error for a `program` that the OCI runtime could not start; `message` is crun's."""
    detail = _detail(message, program)
    return DockerError(daemon_error(task_error(detail)), exit_code(detail))


def _detail(message: str, program: str) -> str:
    """Return what runc says in place of crun's `message`."""
    quoted = f"exec: {quote(program)}: "
    reason = _reason(message)
    if "/" not in program and reason:
        # runc's search of $PATH does not say why nothing that it found will do
        return quoted + "executable file not found in $PATH"
    if reason == "no such file or directory":
        return f"{quoted}stat {program}: {reason}"
    if reason == "not a directory":
        return f"{quoted}stat {program}: {reason}: {MOUNT_ADVICE}"
    return quoted + reason if reason else message


def exit_code(message: str) -> int:
    """Return the client's exit code for a container that could not be started: it depends on the message's text."""
    if "executable file not found" in message or "no such file or directory" in message:
        return NOT_FOUND
    return NOT_EXECUTABLE if "permission denied" in message or "is a directory" in message else NOT_STARTED


def _reason(message: str) -> str | None:
    """Return why crun did not find a program, in the words of Go; None when it is about something else."""
    if "not found in $PATH" in message:
        return "no such file or directory"
    if message == "open executable: Operation not permitted":
        # crun answers EPERM for anything that is not a plain file
        return "is a directory"
    return message.removeprefix("open executable: ").lower() if message.startswith("open executable: ") else None


def reworded(text: str) -> str:
    """Reword the first output of a run: crun's message that the kernel cannot execute the file becomes runc's."""
    match = _NOT_EXECUTED.fullmatch(text)
    return f"exec {match[1]}: {match[2].lower()}{match[3]}" if match else text


def not_executed_file(text: str) -> str | None:
    """Return the file that the kernel could not execute, by the first output of a run; None when it is another one."""
    match = _NOT_EXECUTED.fullmatch(text)
    return match[1] if match else None


def exit_of_program(code: int, number: int | None, oom_kills: int) -> tuple[int, Reason, str | None]:
    """Return exit code, reason and signal name of a program that ended by itself or was killed by the kernel."""
    if code == KILLED and oom_kills:
        return KILLED, "oom", "SIGKILL"
    if number is not None:
        return 128 + number, "signal", signal_name(number)
    return code, "exit", None


def kernel_log_line(log: str, container: str, uids: range) -> str | None:
    """Find the line of the kernel's log that says what it has killed for the memory of a container; None without one.

    `uids` are the container's user ids on the machine.

    A program chooses the name that the line gives it, but not its user id, and no other container's id.
    """
    _, named, after = log.partition(f"/{container},task_memcg=")
    lines = _OUT_OF_MEMORY.finditer(after) if named else iter(())
    return next((line[1] for line in lines if int(line[2]) in uids), None)


def signal_name(number: int) -> str:
    """Return `SIGTERM` for 15; the number where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
