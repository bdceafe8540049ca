"""Lists the namespaces that every container has, by the name that each of the two worlds gives them. Pure."""

from __future__ import annotations

# the type in the OCI runtime specification, and its file below /proc/PID/ns (namespaces(7)); in the order of
# `guest/init/report.c`, which reports them by their place in this list
FILES = {
    "pid": "pid",
    "mount": "mnt",
    "network": "net",
    "uts": "uts",
    "ipc": "ipc",
    "user": "user",
    "cgroup": "cgroup",
}
