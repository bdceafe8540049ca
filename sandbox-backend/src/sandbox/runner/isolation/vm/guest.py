"""The OCI configuration of the container in a virtual machine, from the one that it would have without the machine.

What counts inside is the same. What the machine itself already is falls away: user ids need no translation where no
other user is, files of the outside cannot be bound (they are in the image already), and the processor is limited
outside, because the machine has just the share of it that the program may use.
"""

from __future__ import annotations

import json

from sandbox.model.plan import Ulimit
from sandbox.oci.spec import Spec

ROOT = "/image"
# where Docker has its containers when systemd does not manage them
GROUPS = "/docker"
LEFT_OUT = frozenset({"uidMappings", "gidMappings"})


def configuration(made: Spec, ulimits: tuple[Ulimit, ...]) -> bytes:
    """The OCI configuration `made` with the reader's own limits, as the machine's crun has to read it."""
    return json.dumps(_inside(made, ulimits)).encode("ascii")


def _inside(made: Spec, ulimits: tuple[Ulimit, ...]) -> Spec:
    process = made["process"]
    return {
        **made,
        "root": {**made["root"], "path": ROOT},
        "process": {**process, "rlimits": _limits(process["rlimits"], ulimits)},
        "mounts": [mount for mount in made["mounts"] if mount["type"] != "bind"],
        "linux": _linux(made["linux"]),
    }


def _linux(linux: Spec) -> Spec:
    resources = {name: value for name, value in linux["resources"].items() if name != "cpu"}
    return {
        **{name: value for name, value in linux.items() if name not in LEFT_OUT},
        "cgroupsPath": f"{GROUPS}/{linux['cgroupsPath'].rpartition('/')[2]}",
        "namespaces": [kind for kind in linux["namespaces"] if kind["type"] != "user"],
        "resources": resources,
    }


def _limits(given: list[Spec], ulimits: tuple[Ulimit, ...]) -> list[Spec]:
    """One limit of each kind: the reader's own count."""
    own = ({"type": f"RLIMIT_{one.name.upper()}", "soft": one.soft, "hard": one.hard} for one in ulimits)
    return list({limit["type"]: limit for limit in (*given, *own)}.values())
