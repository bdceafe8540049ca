"""Sets the reader's own limits of a process."""

from __future__ import annotations

import functools
import os
import resource
from collections.abc import Sequence

from sandbox.docker import messages
from sandbox.linux import lacks, namespaces
from sandbox.model.plan import Ulimit
from sandbox.oci import rlimits
from sandbox.runner.container.child import Child
from sandbox.runner.container.contents import NotStarted


def restrict(process: Child, ulimits: Sequence[Ulimit], user_namespace: int) -> None:
    """Set the reader's own limits; not earlier, as they would hinder the runtime at its work. That of core files is low
    already, and what it is has a reason (`processes.core_limit`)."""
    own = [(rlimits.number(one), (one.soft, one.hard)) for one in ulimits if one.name != "core"]
    if not own:
        return
    try:
        # a runner without CAP_SYS_RESOURCE has it there
        namespaces.within_user_namespace(
            user_namespace, [functools.partial(resource.prlimit, process.pid, *limit) for limit in own]
        )
    except namespaces.StoppedError as error:
        if lacks.anything(error):
            raise
        text = f"error setting rlimits for ready process: error setting rlimit type {own[error.done][0]}: "
        raise NotStarted(messages.task_error(text + os.strerror(error.errno or 0).lower())) from error
