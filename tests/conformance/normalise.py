"""The rules by which an answer of Debian's Docker Engine (20.10) and one of this backend may differ and still agree.

Each rule says why. The engine's own rules turn the words of its era into those of Docker 29; the client's among them
were checked against the client of Docker 28.2, which spoke to the same 20.10 engine. stdout has no rule that is in
force for every line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from support.engine import Answer

Side = Literal["engine", "both"]
_USAGE = "Usage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]"
_LAYER_STATES = r"^[0-9a-f]{12}: (?:Pulling fs layer|Waiting|Verifying Checksum|Download complete)\n"
_RUN_HELP = "Run 'docker run --help' for more information"


@dataclass(frozen=True)
class Rule:
    """Replaces `pattern` in one stream: of the engine's answer, or of both."""

    name: str
    reason: str
    pattern: str
    replacement: str = ""
    stream: Literal["stdout", "stderr"] = "stderr"
    side: Side = "engine"

    def apply(self, answer: Answer) -> Answer:
        text = re.sub(self.pattern, self.replacement, getattr(answer, self.stream), flags=re.MULTILINE)
        return replace(answer, stdout=text) if self.stream == "stdout" else replace(answer, stderr=text)


ALWAYS = (
    Rule(
        "path-of-a-control-group",
        "the one that could not be written to is the engine's own",
        r'(failed to write "[^"]*": )write /sys/fs/cgroup/\S+: ',
        r"\1",
    ),
    Rule(
        "stray-log-line",
        "the 20.10 client also logs that it no longer waits, before or after the error; later clients do not",
        r'^time="[^"]*" level=error msg="error waiting for container: [^"]*"\n',
    ),
    Rule(
        "too-few-arguments",
        "docker/cli 28 words `cli/required.go` anew",
        r'^"(.*)" (requires at least 1 argument)\.\nSee .*\n\n(Usage: .*)\n\n.*\n',
        r"docker: '\1' \2\n\n\3\n\nSee '\1 --help' for more information\n",
    ),
    Rule(
        "not-one-argument",
        "docker/cli 28 words `cli/required.go` anew",
        r'^"(.*)" requires exactly 1 argument\.\nSee .*\n\n(Usage: .*)\n\n.*\n',
        r"docker: '\1' requires 1 argument\n\n\2\n\nRun '\1 --help' for more information\n",
    ),
    Rule(
        "unknown-global-flag",
        "docker/cli 28 no longer prints the whole help after it",
        r"^(unknown flag: .*)\nSee 'docker --help'\.\n[\s\S]*",
        r"\1\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n\nRun 'docker --help' for more information\n",
    ),
    Rule(
        "unknown-command",
        "docker/cli 28 words it anew",
        r"^docker: '(.*)' is not a docker command\.\nSee 'docker --help'\n",
        r"docker: unknown command: docker \1\n\nRun 'docker --help' for more information\n",
    ),
    Rule(
        "error-then-help",
        "since docker/cli 28 an error has no final dot, and the same pointer to --help follows every one",
        r"^(docker: .*)\.\n(?:See 'docker run --help'\.\n)?",
        rf"\1\n\n{_RUN_HELP}\n",
    ),
    Rule(
        "flag-error-then-usage",
        "since docker/cli 28 the usage line stands between a flag's error and the pointer to --help",
        r"^(.*)\nSee 'docker run --help'\.\n",
        rf"\1\n\n{_USAGE}\n\n{_RUN_HELP}\n",
    ),
    Rule(
        "daemons-layer-of-a-start-error",
        "since 24 the daemon puts its own step in front",
        r"(?=failed to create shim task: )",
        r"failed to create task for container: ",
    ),
    Rule(
        "runcs-layer-of-a-start-error",
        "since 1.2 runc says that a program is looked for during the container's init",
        r"(?<=unable to start container process: )(?=exec: )",
        r"error during container init: ",
    ),
    Rule(
        "unknown-at-the-end",
        "29's daemon no longer prints the gRPC status `unknown` of containerd's errors",
        r": unknown(?=\n|: Are you trying)",
    ),
    Rule(
        "no-command",
        "29's daemon starts this message in lower case",
        r"(?<=daemon: )No command specified",
        "no command specified",
    ),
    Rule(
        "no-such-group",
        "moby/sys/user has started this message in lower case since it is a module of its own",
        r"(?<=daemon: )Unable to find group",
        "unable to find group",
    ),
    Rule(
        "invalid-signal",
        "29's daemon starts this message in lower case",
        r"(?<=daemon: )Invalid signal",
        "invalid signal",
    ),
    Rule(
        "no-terminal-words",
        "docker/cli 28.4 words it anew",
        r"^the input device is not a TTY$",
        "cannot attach stdin to a TTY-enabled container because stdin is not a terminal",
    ),
    Rule("container-id", "64 random digits", r"\b[0-9a-f]{64}\b", "<id>", side="both"),
)

NAMED = (
    Rule(
        "hostname", "the first 12 digits of a random id", r"^HOSTNAME=[0-9a-f]{12}", "HOSTNAME=<id>", "stdout", "both"
    ),
    Rule(
        "dev-core",
        "/dev/core leads to /proc/kcore; runc makes it only on a kernel that has that file",
        r"^core\n",
        stream="stdout",
        side="both",
    ),
    Rule(
        "layer-states",
        "how many states of a layer are told before `Pull complete` is the image store's own business",
        _LAYER_STATES,
        side="both",
    ),
    Rule(
        "layer-states-of-docker-pull",
        "as layer-states; this command tells them on stdout",
        _LAYER_STATES,
        stream="stdout",
        side="both",
    ),
    Rule(
        "size-suffix",
        "go-units 0.5 says which part of a size it does not know",
        r"invalid size: '10q'",
        "invalid suffix: 'q'",
    ),
    Rule(
        "network-step",
        "since 25 the daemon says which step failed",
        r"(?<=daemon: )(?=network \w+ not found)",
        "failed to set up container networking: ",
    ),
    Rule(
        "any-order",
        "the daemon names them in the order of a Go map",
        r"(?<=network endpoints: ).*",
        "<both>",
        side="both",
    ),
    Rule(
        "repository-name",
        "later clients name the repository in this error",
        r"(?<=repository name) \([^)]*\)",
        side="both",
    ),
    Rule(
        "no-docker-hub",
        "the engine's way to Docker Hub is closed here, so it cannot learn that the image does not exist",
        r"^((?:docker: )?Error response from daemon: ).*",
        r"\1<no such image>",
        side="both",
    ),
    Rule(
        "folder-as-program",
        "runc built with Go 1.20 or later says what is wrong with a folder",
        r'(?<=": )permission denied',
        "is a directory",
    ),
    Rule("cpu-count", "how many CPUs there are to share", r"(?<=0\.01 to ).*", "<all>", side="both"),
    Rule(
        "init-child",
        "the pid of init's first child depends on what the runtime ran before it",
        r"\(\d+\)",
        "(n)",
        side="both",
    ),
)
BY_NAME = {rule.name: rule for rule in NAMED}


def normalised(answer: Answer, side: Literal["engine", "backend"], names: Iterable[str] = ()) -> Answer:
    """The answer after the rules of every line and the named ones, as far as they concern its side."""
    for rule in (*ALWAYS, *(BY_NAME[name] for name in names)):
        if rule.side in (side, "both"):
            answer = rule.apply(answer)
    return answer
