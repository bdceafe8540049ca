"""A typed `docker run` and this host's limits become a plan, or a refusal that says what and why. Pure.

What the daemon checks before it makes a container is checked here, in its words (moby `daemon/container.go`,
`daemon/daemon_unix.go`, `daemon/names.go`); on top come this host's ceilings. Lower values are honoured.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox import reference
from sandbox.command import messages
from sandbox.command.model import Printed, Run
from sandbox.plan import MIB, Limits, Plan, Throttle, Ulimit
from sandbox.policy import tmpfs
from sandbox.policy.kernel import CAPABILITIES, SIGNALS
from sandbox.policy.refused import RefusedError
from sandbox.words import client_error, daemon_error, task_error

SMALLEST_MEMORY = 6 * MIB
SMALLEST_CPUS = 0.01
LONGEST_HOSTNAME = 64
UNLIMITED = 2**64 - 1
_NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_NETWORKS = frozenset({None, "none", "default"})
# the most of each limit that a stranger may ask for; one that is not here is the reader's own affair
_ULIMITS = {
    "core": 0,
    "memlock": 64 * 1024,
    "msgqueue": 819_200,
    "sigpending": 1024,
    "nice": 0,
    "rtprio": 0,
    "rttime": 0,
}


def decide(run: Run, limits: Limits) -> Plan | Printed:
    """The plan that carries `run` out within `limits`; else what docker would print, exit code 125 and a hint."""
    try:
        return _plan(run, limits)
    except reference.InvalidReferenceError as error:
        return Printed(stderr=client_error(str(error)), code=125, hint=messages.BAD_IMAGE)
    except RefusedError as refused:
        return Printed(stderr=daemon_error(str(refused)), code=125, hint=refused.hint)


def _plan(run: Run, limits: Limits) -> Plan:
    _check_identity(run)
    return Plan(
        image=reference.parse(run.image).familiar,
        args=run.args,
        entrypoint=None if run.entrypoint is None else ((run.entrypoint,) if run.entrypoint else ()),
        env=run.env,
        workdir=_workdir(run),
        user=run.user or None,
        hostname=run.hostname or None,
        name=run.container_name or None,
        labels=run.labels,
        tty=run.tty,
        interactive=run.interactive,
        init=run.init,
        read_only=run.read_only,
        remove=run.remove,
        stop_signal=_stop_signal(run.stop_signal),
        ulimits=tuple(_ulimit(limit, limits) for limit in run.ulimits),
        tmpfs=tmpfs.parse_all(run.tmpfs, limits.disk),
        cap_drop=tuple(map(_capability, run.cap_drop)),
        read_bps=_throttles(run.read_bps),
        write_bps=_throttles(run.write_bps),
        pull=run.pull,
        quiet=run.quiet,
        platform=run.platform,
        limits=_limits(run, limits),
    )


def _check_identity(run: Run) -> None:
    if run.container_name and not _NAME.fullmatch(run.container_name):
        rule = "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        raise RefusedError(f"Invalid container name ({run.container_name}), {rule}", messages.NAME_RULE)
    if run.hostname and len(run.hostname.encode()) > LONGEST_HOSTNAME:
        raise RefusedError(task_error("sethostname: invalid argument"), messages.LONG_HOSTNAME)
    if run.network not in _NETWORKS:
        raise RefusedError(_network(run.network or ""), messages.NO_NETWORK)


def _network(name: str) -> str:
    if name in ("host", "bridge") or name.startswith("container:") or "=" in name:
        return f"--network {name} is not available on this host: containers here have no network"
    return f"failed to set up container networking: network {name} not found"


def _workdir(run: Run) -> str | None:
    if run.workdir and not run.workdir.startswith("/"):
        text = f"the working directory '{run.workdir}' is invalid, it needs to be an absolute path"
        raise RefusedError(text, messages.ABSOLUTE_FOLDER)
    return run.workdir or None


def _stop_signal(text: str | None) -> str | None:
    if not text:
        return None
    name = text.upper().removeprefix("SIG")
    if name in SIGNALS:
        return f"SIG{name}"
    if _INTEGER.fullmatch(text) and int(text) != 0:
        return str(int(text))
    raise RefusedError(f"invalid signal: {text}", messages.BAD_SIGNAL)


def _capability(text: str) -> str:
    name = text.upper().removeprefix("CAP_")
    if name == "ALL":
        return "ALL"
    if name not in CAPABILITIES:
        raise RefusedError(f'invalid CapDrop: unknown capability: "CAP_{name}"', messages.BAD_CAPABILITY)
    return f"CAP_{name}"


def _ulimit(limit: Ulimit, limits: Limits) -> Ulimit:
    soft, hard = (UNLIMITED if number < 0 else number for number in (limit.soft, limit.hard))
    most = (_ULIMITS | {"nofile": limits.open_files}).get(limit.name)
    if most is not None and max(soft, hard) > most:
        text = f"--ulimit {limit.name}={limit.soft}:{limit.hard} is above this host's limit of {most}"
        raise RefusedError(text, messages.TOO_HIGH_ULIMIT.format(name=limit.name, most=most))
    return Ulimit(limit.name, soft, hard)


def _throttles(wanted: tuple[Throttle, ...]) -> tuple[Throttle, ...]:
    by_path = {throttle.path: throttle for throttle in wanted}
    return tuple(throttle for throttle in by_path.values() if throttle.rate)


def _limits(run: Run, limits: Limits) -> Limits:
    return replace(limits, memory=_memory(run, limits), cpus=_cpus(run, limits), pids=_pids(run, limits))


def _memory(run: Run, limits: Limits) -> int:
    memory, swap = run.memory or 0, run.memory_swap or 0
    if 0 < memory < SMALLEST_MEMORY:
        raise RefusedError("Minimum memory limit allowed is 6MB", messages.TOO_LITTLE_MEMORY)
    if memory and 0 < swap < memory:
        text = "Minimum memoryswap limit should be larger than memory limit, see usage"
        raise RefusedError(text, messages.NO_SWAP)
    if swap > 0 and not memory:
        text = "You should always set the Memory limit when using Memoryswap limit, see usage"
        raise RefusedError(text, messages.NO_SWAP)
    if memory > limits.memory:
        most = f"{limits.memory // MIB}MiB"
        hint = messages.TOO_MUCH_MEMORY.format(most=most, most_flag=f"{limits.memory // MIB}m")
        raise RefusedError(f"--memory {memory} is above this host's limit of {limits.memory} bytes ({most})", hint)
    if swap not in (0, memory):
        raise RefusedError("--memory-swap is not available on this host: there is no swap", messages.NO_SWAP)
    return memory or limits.memory


def _cpus(run: Run, limits: Limits) -> float:
    if not run.cpus:
        return limits.cpus
    if not SMALLEST_CPUS <= run.cpus <= limits.cpus:
        most = f"{limits.cpus:g}"
        text = f"Range of CPUs is from 0.01 to {limits.cpus:.2f}, as there are only {most} CPUs available"
        raise RefusedError(text, messages.TOO_MANY_CPUS.format(most=most))
    return run.cpus


def _pids(run: Run, limits: Limits) -> int:
    wanted = run.pids_limit or limits.pids
    if not 0 < wanted <= limits.pids:
        text = f"--pids-limit {wanted} is above this host's limit of {limits.pids} processes"
        raise RefusedError(text, messages.TOO_MANY_PIDS.format(most=limits.pids))
    return wanted
