"""Writes the OCI configuration of the container in a virtual machine. Pure.

What counts inside is the same as without the virtual machine. What the machine itself already is falls away: user ids
need no translation where no other user is, files of the outside cannot be bound (they are in the image already), and
the processor is limited outside, because the virtual machine has just the share of it that the program may use.
"""

from __future__ import annotations

import json

from sandbox.model.image import Config
from sandbox.model.plan import HELD, Plan
from sandbox.oci import spec
from sandbox.oci.allocation import Allocation, Features
from sandbox.oci.users import Identity

ROOT = "/image"
# where Docker has its containers when systemd does not manage them
GROUPS = "/docker"
FEATURES = Features(cpu=False, ulimits=True)


def configuration(
    plan: Plan, config: Config, identity: Identity, container: str, hostname: str, seccomp: tuple[str, str] | None
) -> bytes:
    """The configuration as the guest's crun reads it, for the container of this id."""
    own = Allocation(container, hostname, ROOT, f"{GROUPS}/{container}", rlimits=HELD)
    return json.dumps(spec.build(plan, config, identity, own, seccomp, FEATURES)).encode("ascii")
