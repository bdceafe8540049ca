"""Lists the isolations that a run may ask for, and what of a plan each of them refuses. Both processes go by it: web
refuses before it asks the runner, and the runner checks again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.model.plan import Plan

Name = Literal["container", "gvisor", "vm"]
Lack = Literal["joins", "bridge", "rates"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What an isolation is called and does not have: namespaces of other containers (`joins`), a network (`bridge`),
    disks of a given speed (`rates`)."""

    name: Name
    lacks: tuple[Lack, ...] = ()

    def refuses(self, plan: Plan) -> Lack | None:
        """The first thing that `plan` asks for and that is not there."""
        asked = {"joins": plan.joins, "bridge": plan.bridge, "rates": plan.read_bps or plan.write_bps}
        return next((lack for lack in self.lacks if asked[lack]), None)


CONTAINER = Profile("container")
GVISOR = Profile("gvisor", ("joins", "bridge"))
VM = Profile("vm", ("joins", "bridge", "rates"))
PROFILES: dict[str, Profile] = {profile.name: profile for profile in (CONTAINER, GVISOR, VM)}
