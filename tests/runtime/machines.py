"""What virtual machines are asked to do, and what came of it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from support.client import Result

# what one machine tells, part by part: each boot takes seconds of a processor
PARTS = {
    "kernel": "uname -r",
    "place": "echo $$; stat -c %N /proc/self/ns/* | sort -u; cat /proc/self/cgroup",
    "limits": "cat /sys/fs/cgroup/pids.max; ulimit -n",
    "alike": "id; hostname; ip addr show lo | grep inet; env; ls /dev; grep -E 'Cap|Seccomp:|NoNewP' /proc/1/status",
    "numbers": "seq 20000; seq 20001 40000 >&2; sleep 1; exit 3",
}
SCRIPT = "; ".join(f"echo == {name}; {tells}" for name, tells in PARTS.items())
TELLS = f"docker run --hostname box --pids-limit 20 alpine sh -c {shlex.quote(SCRIPT)}"
# the first process does not hear one that it has not asked for
SIGNALS = "kill -TERM $$; sh -c 'kill -TERM $$'; echo $?; trap 'exit 9' TERM; kill -TERM $$"
SIGNALLED = f"docker run alpine sh -c {shlex.quote(SIGNALS)}"
TERMINAL = "docker run -t alpine sh -c 'tty; echo done >/dev/tty'"
# what two at once do, with options, and why each is ended: all that is ended by time is done by one pair, because each
# such machine takes a whole processor until then
FLOODS = "(while :; do :; done) & (while :; do echo flood 2>/dev/null >/dev/kmsg; done) &"
FILLS = "dd if=/dev/zero of=/fill bs=1M; cat /fill /fill /fill >/fill2; sleep 600"
ENDS_IT = "reboot -f; echo c >/proc/sysrq-trigger;"
# a shell that cannot fork a second time ends: the one that goes on is another
BOMB = "f() { f | f & }; (f); exec sleep 600"
GROWS = "cat /sys/fs/cgroup/memory.max; x=a; while :; do x=$x$x; done"
HOSTILE = {
    "output and memory": (("", "yes", "output-limit"), ("-m 32m", GROWS, "oom")),
    "time": (("", f"{FLOODS} {FILLS}", "timeout"), ("", f"{ENDS_IT} {BOMB}", "timeout")),
}


@dataclass(frozen=True)
class Machine:
    """One that has told its parts; what was seen of it outside, and how much more memory was taken a second after."""

    result: Result
    outside: dict[str, str]
    kept_bytes: int


def parts(result: Result) -> dict[str, str]:
    _, *found = re.split(r"^== (\w+)\n", result.stdout, flags=re.M)
    return dict(zip(found[::2], found[1::2], strict=True))


@dataclass(frozen=True)
class Two:
    """Two that were hostile side by side, and what was there before them and a second after."""

    results: list[Result]
    before: dict[str, int]
    after: dict[str, int]
