"""The control groups of runs, behind one interface whichever layout the machine has (`here`).

v2 is one tree, v1 a tree for each controller. A hybrid machine has v1 trees and a v2 tree without controllers, which
the runner hides from itself because crun refuses to start where it sees both.
"""

from sandbox.runner.kernel.cgroup.groups import MOUNT, USED, Groups, Sample, Usage
from sandbox.runner.kernel.cgroup.layouts import HANDED_DOWN, controllers_kept, here, hide_unified, layout

__all__ = [
    "HANDED_DOWN",
    "MOUNT",
    "USED",
    "Groups",
    "Sample",
    "Usage",
    "controllers_kept",
    "here",
    "hide_unified",
    "layout",
]
