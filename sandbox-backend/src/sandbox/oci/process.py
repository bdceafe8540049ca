"""Builds the part of a configuration that says what is executed, as whom and with which environment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sandbox.model.image import Config
from sandbox.model.plan import Plan
from sandbox.oci import capabilities, rlimits
from sandbox.oci.allocation import Features
from sandbox.oci.users import Identity

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INIT = "/sbin/docker-init"
# when the machine itself is out of memory, a container goes before anything else (proc(5))
OOM_SCORE_ADJ = 500


def argv(plan: Plan, config: Config) -> tuple[tuple[str, ...], Literal["image", "request"]]:
    """The argv that is executed and where it comes from: CMD replaces Cmd, an Entrypoint stays before either.

    As with Docker, `--entrypoint` also drops the image's Cmd.
    """
    entrypoint = config.entrypoint if plan.entrypoint is None else plan.entrypoint
    if plan.args:
        return (*entrypoint, *plan.args), "request"
    if plan.entrypoint is not None:
        return entrypoint, "request"
    return (*entrypoint, *config.cmd), "image"


def environment(plan: Plan, config: Config, hostname: str) -> list[str]:
    """Docker's order: PATH, HOSTNAME and TERM first, then `--env`, then what the image adds; later names replace
    earlier ones in their place."""
    wanted: dict[str, str | None] = {"PATH": DEFAULT_PATH, "HOSTNAME": hostname}
    if plan.tty:
        wanted["TERM"] = "xterm"
    given = dict(_variable(entry) for entry in plan.env)
    wanted |= given
    wanted |= {name: value for name, value in map(_variable, config.env) if name not in given}
    return [f"{name}={value}" for name, value in wanted.items() if value is not None]


def _variable(entry: str) -> tuple[str, str | None]:
    name, equals, value = entry.partition("=")
    return name, value if equals else None


def workdir(plan: Plan, config: Config) -> str:
    """The folder that the process starts in."""
    return plan.workdir or config.workdir or "/"


def build(
    plan: Plan, config: Config, identity: Identity, hostname: str, features: Features, held: Mapping[str, int]
) -> dict[str, Any]:
    """The `process` of a configuration."""
    args, _ = argv(plan, config)
    env = environment(plan, config, hostname)
    if not any(entry.startswith("HOME=") for entry in env):
        env.append(f"HOME={identity.home}")
    sets = ("bounding", "effective", "permitted") if identity.uid == 0 else ("bounding",)
    return {
        "terminal": plan.tty,
        "args": [INIT, "--", *args] if plan.init else list(args),
        "env": env,
        "cwd": workdir(plan, config),
        "user": {"uid": identity.uid, "gid": identity.gid, "additionalGids": list(identity.groups)},
        "capabilities": dict.fromkeys(sets, capabilities.kept(plan.cap_drop)),
        "rlimits": rlimits.build(plan.limits, plan.ulimits if features.ulimits else (), held),
        "noNewPrivileges": True,
        "oomScoreAdj": OOM_SCORE_ADJ,
    }
