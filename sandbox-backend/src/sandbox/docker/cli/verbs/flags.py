"""Lists the flags of `docker run`, `docker pull` and `docker images` in Docker 29, and what this host does with each.

The lists are those of docker/cli `cli/command/container/{opts,run}.go` and `cli/command/image/{pull,list}.go`.
`unavailable` is a key of `wording.UNAVAILABLE`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.docker.cli import values
from sandbox.docker.cli.pflag import Flag, Table

_PRIVATE = frozenset({"", "private"})


def _switch(name: str, short: str = "", field: str = "", about: str = "", unavailable: str = "") -> Flag:
    return Flag(name, short, values.boolean, field, unavailable=unavailable, kind="", about=about, harmless=_OFF)


def _list(name: str, short: str, read: Callable[[str], Any], field: str, about: str, kind: str = "list") -> Flag:
    return Flag(name, short, read, field, many=True, kind=kind, about=about)


def _unavailable(
    reason: str, names: str, read: Callable[[str], Any] = values.text, harmless: frozenset[str] = frozenset()
) -> Iterable[Flag]:
    """Make the flags that this host does not take for one reason, but for `harmless` texts; `v/volume` has a letter."""
    for name in names.split():
        short, slash, long = name.rpartition("/")
        yield Flag(long, short if slash else "", read, unavailable=reason, harmless=harmless)


_OFF = values.FALSE
_HELP = _switch("help", field="help", about="Print this text")
_PLATFORM = Flag("platform", field="platform", about="Use the image made for this platform, such as linux/amd64")
_TRUST = Flag("disable-content-trust", read=values.boolean, unavailable="trust", harmless=values.TRUE)

_RUN_SUPPORTED = (
    _list("add-host", "", values.extra_host, "extra_hosts", "Add a line to /etc/hosts, name:address"),
    _list("cap-drop", "", values.text, "cap_drop", "Take a Linux capability away, or ALL"),
    Flag("cpus", read=values.cpus, field="cpus", kind="decimal", about="Use at most this many CPUs"),
    _list("device-read-bps", "", values.throttle, "read_bps", "Read at most this many bytes a second from a device"),
    _list("device-write-bps", "", values.throttle, "write_bps", "Write at most this many bytes a second to a device"),
    Flag("entrypoint", field="entrypoint", about="Start this program instead of the image's ENTRYPOINT"),
    _list("env", "e", values.env, "env", "Set an environment variable, NAME=value"),
    # which ports a program listens on says something to those only who publish them
    Flag("expose", kind="list", about="Note a port that the program listens on"),
    _list("group-add", "", values.text, "groups", "Join one more group, name or number"),
    _HELP,
    Flag("hostname", "h", field="hostname", about="Give the container this host name"),
    _switch("init", field="init", about="Start a small init as process 1"),
    _switch("interactive", "i", "interactive", "Keep standard input open"),
    _list("label", "l", values.label, "labels", "Put a label on the container, key=value"),
    Flag("memory", "m", values.size, "memory", kind="bytes", about="Use at most this much memory, such as 64m"),
    Flag("memory-swap", read=values.swap, field="memory_swap", kind="bytes", about="Memory and swap together"),
    Flag("name", field="container_name", about="Give the container this name"),
    _list("network", "", values.text, "network", "bridge, none, or container:NAME to share one", "network"),
    # no image's check is ever run here, and no signal comes to a client
    _switch("no-healthcheck", about="Do not run the image's health check"),
    Flag("pids-limit", read=values.integer, field="pids_limit", kind="int", about="Allow at most this many processes"),
    _PLATFORM,
    Flag("pull", field="pull", about="When to pull the image: always, missing or never"),
    _switch("quiet", "q", "quiet", "Do not show the pull"),
    _switch("read-only", field="read_only", about="Mount the container's files read-only"),
    _switch("rm", field="remove", about="Remove the container when it ends"),
    Flag("shm-size", read=values.size, field="shm_size", kind="bytes", about="The size of /dev/shm"),
    _switch("sig-proxy", about="Pass signals on to the program"),
    Flag("stop-signal", field="stop_signal", about="The signal that asks the container to stop"),
    _list("tmpfs", "", values.text, "tmpfs", "Mount an empty folder that lives in memory"),
    _switch("tty", "t", "tty", "Give the program a terminal"),
    _list("ulimit", "", values.ulimit, "ulimits", "Set a limit of the process, type=soft:hard", "ulimit"),
    Flag("user", "u", field="user", about="Run as this user, name or number[:group]"),
    Flag("workdir", "w", field="workdir", about="Start in this folder of the container"),
)

# every container here has it, whatever the line says
_NO_NEW_PRIVILEGES = frozenset({"no-new-privileges", "no-new-privileges=true", "no-new-privileges:true"})
# without swap there is nothing that it decides (moby, daemon/daemon_unix.go: from -1 to 100)
_SWAPPINESS = frozenset(map(str, range(-1, 101)))
# what is kept beside the output, which nobody reads here
_DRIVERS = frozenset({"json-file", "local", "none"})
# what goes without saying
_NOTHING = frozenset({"0"})
_SHARED = "container:NAME: share this namespace with another container of yours"
_RUN_UNAVAILABLE = (
    _switch("detach", "d", unavailable="detach"),
    _switch("privileged", unavailable="privileged"),
    _switch("publish-all", "P", unavailable="publish"),
    _switch("oom-kill-disable", unavailable="oom"),
    _switch("use-api-socket", unavailable="socket"),
    _TRUST,
    Flag("attach", "a", values.stream, unavailable="attach"),
    Flag("restart", unavailable="restart", harmless=frozenset({"", "no"})),
    Flag(
        "ipc",
        field="ipc",
        unavailable="namespace",
        harmless=_PRIVATE | {"shareable"},
        sharing=True,
        kind="string",
        about=_SHARED,
    ),
    Flag("cgroupns", unavailable="namespace", harmless=_PRIVATE),
    Flag(
        "pid",
        field="pid",
        unavailable="namespace",
        harmless=frozenset({""}),
        sharing=True,
        kind="string",
        about=_SHARED,
    ),
    Flag("uts", unavailable="namespace", harmless=frozenset({""})),
    Flag("userns", unavailable="namespace", harmless=frozenset({""})),
    *_unavailable("attach", "detach-keys"),
    *_unavailable("volume", "v/volume mount volumes-from volume-driver"),
    *_unavailable("storage", "storage-opt"),
    *_unavailable("file", "env-file label-file cidfile"),
    *_unavailable("publish", "p/publish"),
    *_unavailable("network", "dns dns-option dns-search domainname ip ip6 link link-local-ip mac-address"),
    *_unavailable("network", "network-alias"),
    *_unavailable("device", "device device-cgroup-rule gpus"),
    *_unavailable("capability", "cap-add"),
    Flag("security-opt", unavailable="security", harmless=_NO_NEW_PRIVILEGES),
    *_unavailable("kernel", "sysctl cgroup-parent runtime annotation"),
    *_unavailable("oom", "oom-score-adj", values.integer, _NOTHING),
    *_unavailable("oom", "memory-swappiness", values.integer, _SWAPPINESS),
    *_unavailable("limit", "c/cpu-shares cpu-period cpu-quota cpu-rt-period cpu-rt-runtime", values.integer, _NOTHING),
    *_unavailable("limit", "blkio-weight", harmless=_NOTHING),
    *_unavailable("limit", "blkio-weight-device device-read-iops device-write-iops"),
    *_unavailable("processors", "cpuset-cpus cpuset-mems"),
    *_unavailable("limit", "memory-reservation kernel-memory", values.size, _NOTHING),
    *_unavailable("stop", "stop-timeout", values.integer),
    *_unavailable("health", "health-cmd health-interval health-retries health-start-interval health-start-period"),
    *_unavailable("health", "health-timeout"),
    *_unavailable("log", "log-driver", harmless=_DRIVERS),
    *_unavailable("log", "log-opt"),
    Flag("isolation", unavailable="kernel", harmless=frozenset({"", "default"})),
    *_unavailable("windows", "cpu-count cpu-percent io-maxiops", values.integer),
    *_unavailable("windows", "io-maxbandwidth", values.size),
)

RUN = Table(
    (*_RUN_SUPPORTED, *_RUN_UNAVAILABLE),
    {"net": "network", "net-alias": "network-alias", "dns-opt": "dns-option"},
)
PULL = Table(
    (
        _HELP,
        _PLATFORM,
        _switch("quiet", "q", "quiet", "Print the image's name only"),
        _switch("all-tags", "a", unavailable="all-tags"),
        _TRUST,
    )
)
IMAGES = Table(
    (
        _switch("all", "a", "all", "Show all images"),
        _switch("digests", field="digests", about="Show digests"),
        _HELP,
        _switch("no-trunc", field="no_trunc", about="Do not shorten ids"),
        _switch("quiet", "q", "quiet", "Print ids only"),
        Flag("filter", "f", values.pair, unavailable="template"),
        Flag("format", unavailable="template"),
        _switch("tree", unavailable="template"),
    )
)
# docker's own flags, before the name of a command
GLOBAL = Table(
    (
        _HELP,
        _switch("version", "v", "version", "Say what this is"),
        _switch("debug", "D", "debug"),
        Flag("log-level", "l", unavailable="client"),
        *_unavailable("client", "config c/context H/host tlscacert tlscert tlskey"),
        _switch("tls", unavailable="client"),
        _switch("tlsverify", unavailable="client"),
    )
)
