"""Builds an OCI runtime configuration from a plan and an image's configuration: a strict default, then named changes.

Pure. The form is that of the OCI runtime specification 1.0; the mounts, masked paths and environment are those that
Docker gives a container, so that what a reader sees inside is what Docker would show.
"""

from __future__ import annotations

from typing import Any

from sandbox.model.image import Config
from sandbox.model.plan import Plan
from sandbox.oci import mounts, process, resources
from sandbox.oci.allocation import Allocation, Features
from sandbox.oci.namespaces import FILES
from sandbox.oci.users import IDS, Identity

CRUN = Features()
SYSCTLS = {
    "net.ipv4.ip_unprivileged_port_start": "0",
    "net.ipv4.ping_group_range": "0 65535",
    # a connection's queue of errors is as long as its buffer may become, and counted nowhere
    "net.ipv4.tcp_rmem": "4096 131072 262144",
    # what the kernel keeps of ended connections for a minute is counted nowhere
    "net.ipv4.tcp_max_tw_buckets": "4096",
    # a connection that is nobody's any more keeps its network and its memory, also when the run has ended: as long as
    # two tries to say the last of it take, and not two minutes
    "net.ipv4.tcp_orphan_retries": "1",
    # of what it has not said yet
    "net.ipv4.tcp_wmem": "4096 16384 262144",
}


def build(
    plan: Plan,
    config: Config,
    identity: Identity,
    allocation: Allocation,
    seccomp: tuple[str, str] | None,
    features: Features = CRUN,
) -> dict[str, Any]:
    """The whole configuration of one container for an OCI runtime with these `features`; `seccomp` is the annotation
    that carries the compiled filter."""
    return {
        "ociVersion": "1.0.2",
        "hostname": allocation.hostname,
        "root": {"path": allocation.root, "readonly": plan.read_only and features.read_only_root},
        "process": process.build(plan, config, identity, allocation.hostname, features, allocation.rlimits),
        "mounts": mounts.build(plan, allocation, features),
        "annotations": dict([seccomp] if seccomp else ()),
        "linux": _linux(plan, allocation, features),
    }


def _linux(plan: Plan, allocation: Allocation, features: Features) -> dict[str, Any]:
    made: dict[str, Any] = {
        "cgroupsPath": allocation.cgroup,
        "namespaces": _namespaces(allocation),
        "maskedPaths": list(mounts.MASKED),
        "readonlyPaths": list(mounts.READ_ONLY),
    }
    if allocation.first_uid is not None:
        ids = {"containerID": 0, "hostID": allocation.first_uid, "size": IDS}
        made |= {"uidMappings": [ids], "gidMappings": [ids]}
    if features.sysctls:
        # a network that is joined has the settings of the container that it belongs to
        made["sysctl"] = {} if "network" in allocation.namespaces else SYSCTLS | dict(allocation.sysctls)
    if features.cgroups:
        made["resources"] = resources.build(plan, allocation, features)
    return made


def _namespaces(allocation: Allocation) -> list[dict[str, str]]:
    paths = allocation.namespaces
    kinds = [kind for kind in FILES if kind != "user" or allocation.first_uid is not None]
    return [{"type": kind} | ({"path": paths[kind]} if kind in paths else {}) for kind in kinds]
