"""Turns a typed `docker run` and this host's limits into a plan, or a DockerError. Pure.

What the daemon checks before it makes a container is checked here, in its words (moby `daemon/container.go`,
`daemon/daemon_unix.go`, `daemon/names.go`); on top come this host's ceilings. Lower values are honoured.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.docker.cli import wording
from sandbox.docker.cli.command import Run
from sandbox.docker.cli.modes import BRIDGE, CONTAINER, HOST, PREDEFINED
from sandbox.docker.cli.values import GATEWAY
from sandbox.docker.errors import DockerError, Fix
from sandbox.docker.messages import client_error, task_error
from sandbox.model import plan as plans
from sandbox.model import reference
from sandbox.model.plan import MIB, UNLIMITED, ExtraHost, Join, Limits, Plan, Throttle, Ulimit
from sandbox.oci import capabilities
from sandbox.policy import tmpfs
from sandbox.policy.errors import refused
from sandbox.policy.signals import SIGNALS

LONGEST_HOSTNAME = 64
_NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")
_NETWORKS = PREDEFINED - {HOST} | {None}
_WITHOUT_SWAP = Fix("memory-swap", None)


def decide(run: Run, limits: Limits) -> Plan:
    """Return the plan that carries `run` out within `limits`. DockerError when the daemon or this host does not."""
    _check_identity(run)
    _check_stop_signal(run.stop_signal or "")
    plan = _plan(run, limits)
    if plans.named_folders(plan) > plans.MOST_FOLDERS:
        text = f"--workdir and --tmpfs name more than {plans.MOST_FOLDERS} folders"
        raise refused(text, wording.MANY_FOLDERS.format(most=plans.MOST_FOLDERS))
    return plan


def _plan(run: Run, limits: Limits) -> Plan:
    return Plan(
        image=_image(run.image),
        args=run.args,
        entrypoint=None if run.entrypoint is None else ((run.entrypoint,) if run.entrypoint else ()),
        env=run.env,
        workdir=_workdir(run),
        user=run.user or None,
        groups=_groups(run),
        hosts=_hosts(run),
        hostname=run.hostname or None,
        tty=run.tty,
        init=run.init,
        read_only=run.read_only,
        ulimits=tuple(_ulimit(limit, limits) for limit in run.ulimits),
        tmpfs=tmpfs.parse_all(run.tmpfs, limits.disk),
        # however large, what is in it is the run's memory
        shm_size=run.shm_size or plans.SHM_BYTES,
        cap_drop=tuple(map(_capability, run.cap_drop)),
        read_bps=_throttles(run.read_bps),
        write_bps=_throttles(run.write_bps),
        joins=_joins(run),
        bridge=run.network == BRIDGE,
        shareable=run.ipc == "shareable",
        limits=_limits(run, limits),
    )


def _image(text: str) -> str:
    try:
        return reference.parse(text).familiar
    except reference.InvalidReferenceError as error:
        raise DockerError(client_error(str(error)), 125, wording.BAD_IMAGE) from error


def _check_identity(run: Run) -> None:
    if run.container_name and not _NAME.fullmatch(run.container_name):
        rule = "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        raise refused(f"Invalid container name ({run.container_name}), {rule}", wording.NAME_RULE)
    if run.hostname and len(run.hostname.encode()) > LONGEST_HOSTNAME:
        raise refused(task_error("sethostname: invalid argument"), wording.LONG_HOSTNAME)
    if run.network not in _NETWORKS and not (run.network or "").startswith(CONTAINER):
        raise _no_network(run.network or "")


def _joins(run: Run) -> tuple[Join, ...]:
    """Return the namespaces to share, each with the container as the line names it."""
    asked = {"pid": run.pid, "network": run.network, "ipc": run.ipc}
    named = {kind: text for kind, text in asked.items() if text and text.startswith(CONTAINER)}
    if named.get("network") == CONTAINER:
        text = "invalid network mode: invalid container format container:<name|id>"
        raise refused(text, wording.SHARED_NAME)
    if named.get("ipc") == CONTAINER:
        raise refused(f"invalid IPC mode: {CONTAINER}", wording.SHARED_NAME)
    if "network" in named and run.hostname:
        raise refused("conflicting options: hostname and the network mode", wording.OWN_HOSTNAME, Fix("hostname", None))
    return tuple(Join(kind, text.removeprefix(CONTAINER)) for kind, text in named.items())


def _groups(run: Run) -> tuple[str, ...]:
    groups = tuple(dict.fromkeys(run.groups))
    if len(groups) > plans.MOST_GROUPS:
        raise refused(f"more than {plans.MOST_GROUPS} groups", wording.MANY_GROUPS.format(most=plans.MOST_GROUPS))
    return groups


def _hosts(run: Run) -> tuple[ExtraHost, ...]:
    if run.extra_hosts and (run.network or "").startswith(CONTAINER):
        raise refused("conflicting options: custom host-to-IP mapping and the network mode", wording.OWN_HOSTS)
    named = [ExtraHost(*host.split(":", 1)) for host in run.extra_hosts]
    if any(host.address == GATEWAY for host in named):
        raise refused("unable to derive the IP value for host-gateway", wording.NO_GATEWAY)
    return tuple(named)


def _no_network(name: str) -> DockerError:
    if name == HOST or "=" in name:
        text = f"--network {name} is not available on this host: no way leads out of the containers here"
        return refused(text, wording.NO_NETWORK)
    text = f"failed to set up container networking: network {name} not found"
    return refused(text, wording.NO_SUCH_NETWORK)


def _workdir(run: Run) -> str | None:
    if run.workdir and not run.workdir.startswith("/"):
        text = f"the working directory '{run.workdir}' is invalid, it needs to be an absolute path"
        raise refused(text, wording.ABSOLUTE_FOLDER)
    return run.workdir or None


def _check_stop_signal(text: str) -> None:
    known = text.upper().removeprefix("SIG") in SIGNALS or (_INTEGER.fullmatch(text) and int(text) != 0)
    if text and not known:
        raise refused(f"invalid signal: {text}", wording.BAD_SIGNAL)


def _capability(text: str) -> str:
    name = capabilities.short(text)
    if name == "ALL":
        return "ALL"
    if name not in capabilities.NAMES:
        raise refused(f'invalid CapDrop: unknown capability: "CAP_{name}"', wording.BAD_CAPABILITY)
    return f"CAP_{name}"


def _ulimit(asked: Ulimit, limits: Limits) -> Ulimit:
    limit = Ulimit(asked.name, *(max(number, UNLIMITED) for number in (asked.soft, asked.hard)))
    most = plans.most_of(limit.name, limits)
    if plans.exceeds(limit, most):
        text = f"--ulimit {asked.name}={asked.soft}:{asked.hard} is above this host's limit of {most}"
        fix = Fix("ulimit", f"{asked.name}={most}", of=f"{asked.name}=")
        raise refused(text, wording.TOO_HIGH_ULIMIT.format(name=asked.name, most=most), fix)
    return limit


def _throttles(wanted: tuple[Throttle, ...]) -> tuple[Throttle, ...]:
    return tuple({throttle.path: throttle for throttle in wanted}.values())


def _limits(run: Run, limits: Limits) -> Limits:
    return replace(limits, memory=_memory(run, limits), cpus=_cpus(run, limits), pids=_pids(run, limits))


def _memory(run: Run, limits: Limits) -> int:
    memory, swap = run.memory or 0, run.memory_swap or 0
    if 0 < memory < plans.LEAST["memory"]:
        raise _too_little(run, memory, limits)
    if memory and 0 < swap < memory:
        text = "Minimum memoryswap limit should be larger than memory limit, see usage"
        raise refused(text, wording.NO_SWAP, _WITHOUT_SWAP)
    if swap > 0 and not memory:
        text = "You should always set the Memory limit when using Memoryswap limit, see usage"
        raise refused(text, wording.NO_SWAP, _WITHOUT_SWAP)
    if memory > limits.memory:
        most = f"{limits.memory // MIB}MiB"
        text = f"--memory {memory} is above this host's limit of {limits.memory} bytes ({most})"
        fix = Fix("memory", f"{limits.memory // MIB}m")
        raise refused(text, wording.TOO_MUCH_MEMORY.format(most=most), fix)
    return memory or limits.memory


def _too_little(run: Run, memory: int, limits: Limits) -> DockerError:
    """Return the error for a limit below the least; a number without a unit was perhaps one of megabytes."""
    least, most = plans.LEAST["memory"] // MIB, limits.memory // MIB
    if memory >= MIB or not any(word.endswith(str(memory)) for word in run.options):
        hint, meant = wording.TOO_LITTLE_MEMORY, least
    else:
        hint, meant = wording.NO_UNIT, int(min(max(memory, least), most))
        if meant < memory:
            hint = f"{hint} {wording.TOO_MUCH_MEMORY.format(most=f'{most}MiB')}"
    return refused("Minimum memory limit allowed is 6MB", hint, Fix("memory", f"{meant}m"))


def without_swap(run: Run, limits: Limits) -> str | None:
    """Return what to tell the reader of a line that asks for swap, which no run has here; None where it does not."""
    if run.memory_swap in (None, 0, run.memory):
        return None
    return wording.WITHOUT_SWAP.format(most=f"{(run.memory or limits.memory) // MIB}MiB")


def _cpus(run: Run, limits: Limits) -> float:
    if not run.cpus:
        return limits.cpus
    if not plans.LEAST["cpus"] <= run.cpus <= limits.cpus:
        most = f"{limits.cpus:g}"
        text = f"Range of CPUs is from 0.01 to {limits.cpus:.2f}, as there are only {most} CPUs available"
        least = f"{plans.LEAST['cpus']:g}"
        fix = Fix("cpus", least if 0 < run.cpus < limits.cpus else most)
        raise refused(text, wording.TOO_MANY_CPUS.format(least=least, most=most), fix)
    return run.cpus


def _pids(run: Run, limits: Limits) -> int:
    wanted = run.pids_limit or limits.pids
    if not 0 < wanted <= limits.pids:
        text = f"--pids-limit {wanted} is above this host's limit of {limits.pids} processes"
        raise refused(text, wording.TOO_MANY_PIDS.format(most=limits.pids), Fix("pids-limit", str(limits.pids)))
    return wanted
