"""Parses the arguments after `docker run` (or `docker container run`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sandbox.docker.cli import help as texts
from sandbox.docker.cli import shell, wording
from sandbox.docker.cli.command import Command, Printed, Run
from sandbox.docker.cli.errors import bad_value, unavailable_flag, usage_error, wrong_flag
from sandbox.docker.cli.modes import CONTAINER, PREDEFINED
from sandbox.docker.cli.pflag import FlagError, Scan, Use, scan
from sandbox.docker.cli.platforms import platform
from sandbox.docker.cli.values import ports
from sandbox.docker.cli.verbs.flags import RUN
from sandbox.docker.messages import DAEMON, client_error
from sandbox.model import reference

SHARED = frozenset({"pid", "ipc"})
PULL_POLICIES = ("always", "missing", "never")
_WINDOWS = '"--{}" is only supported on a Docker daemon running on windows, but the Docker daemon is running on linux\n'


class WrongValueError(ValueError):
    """A value that docker refuses after it has read all flags; the message is docker's own."""

    def __init__(self, flag: str, message: str) -> None:
        super().__init__(message)
        self.flag = flag


def parse(argv: Sequence[str], path: str) -> Command:
    """Parse `argv`; `path` is what stood before it, `docker run`."""
    try:
        found = scan(argv, RUN, interspersed=False)
    except FlagError as error:
        return wrong_flag(error, path, RUN)
    if any(use.flag.field == "help" and use.value for use in found.uses):
        return Printed(stdout=texts.RUN_TEXT)
    windows = next((use for use in found.uses if use.flag.unavailable == "windows"), None)
    if windows:
        hint = wording.UNAVAILABLE["windows"].korean.format(flag=windows.flag.shown)
        return Printed(stderr=_WINDOWS.format(windows.flag.name), code=1, hint=hint)
    if not found.rest:
        # hello-world has no other program than its own
        image = "alpine" if any(use.flag.name == "entrypoint" for use in found.uses) else "hello-world"
        line = [*path.split(), *without_unavailable(argv, found.uses), image]
        return usage_error(path, "requires at least 1 argument", wording.NO_IMAGE, (shell.join(line),))
    return _checked(argv, path, found)


def _checked(argv: Sequence[str], path: str, found: Scan) -> Command:
    options = argv[: found.rest[0]]
    image, *args = (argv[index] for index in found.rest)
    try:
        run = _run(image, tuple(args), tuple(options), found.uses)
        reference.parse(image)
    except reference.InvalidReferenceError as error:
        return Printed(stderr=client_error(str(error), path.removeprefix("docker ")), code=125, hint=wording.BAD_IMAGE)
    except WrongValueError as error:
        hint = bad_value(error.flag)
        return Printed(stderr=client_error(str(error), path.removeprefix("docker ")), code=125, hint=hint)
    unavailable = next((use for use in found.uses if is_unavailable(use)), None)
    if unavailable is None:
        return run
    kept = [*path.split(), *without_unavailable(argv, found.uses), image, *args]
    return unavailable_flag(unavailable.flag, (shell.join(kept),), run=True)


def is_unavailable(use: Use) -> bool:
    """Return whether this host does not take a flag with this value."""
    shared = use.flag.sharing and use.text.startswith(CONTAINER)
    return bool(use.flag.unavailable) and use.text not in use.flag.harmless and not shared


def without_unavailable(argv: Sequence[str], uses: Iterable[Use]) -> list[str]:
    """Return the options as written, less those of flags that this host does not take."""
    return rewritten(argv, uses, lambda use: () if is_unavailable(use) else None)


def rewritten(argv: Sequence[str], uses: Iterable[Use], change: Callable[[Use], Sequence[str] | None]) -> list[str]:
    """Return the options as written, but for those uses of flags in whose place `change` gives other arguments."""
    kept: list[str] = []
    by_word: dict[int, list[Use]] = {}
    for use in uses:
        by_word.setdefault(use.first, []).append(use)
    for first, group in by_word.items():
        changed = [change(use) for use in group]
        if all(words is None for words in changed):
            kept += argv[first : group[-1].last + 1]
            continue
        for use, words in zip(group, changed, strict=True):
            alone = [f"-{use.letter}"] if use.flag.is_boolean else [f"-{use.letter}", use.text]
            kept += alone if words is None else words
    return kept


def _run(image: str, args: tuple[str, ...], options: tuple[str, ...], uses: Iterable[Use]) -> Run:
    fields: dict[str, Any] = {}
    for use in uses:
        field = use.flag.field
        if field and use.flag.many:
            fields[field] = (*fields.get(field, ()), use.value)
        elif field:
            fields[field] = use.value
        elif use.flag.name == "expose":
            _check_ports(use.text)
    fields.pop("help", None)
    # WrongValueError here is what docker says after the flags are read, without the usage line
    fields["pull"] = _pull_policy(fields.pop("pull", ""))
    fields["network"] = _network(fields.pop("network", ()))
    for name in SHARED & fields.keys():
        if fields[name] in ("", "private"):
            del fields[name]
    if fields.get("pid") == CONTAINER:
        raise WrongValueError("pid", "--pid: invalid PID mode")
    if "ulimits" in fields:
        fields["ulimits"] = tuple({limit.name: limit for limit in fields["ulimits"]}.values())
    try:
        fields["platform"] = platform(fields.pop("platform", ""))
    except ValueError as error:
        raise WrongValueError("platform", f"error parsing specified platform: {error}") from None
    return Run(image=image, args=args, options=options, **fields)


def _check_ports(text: str) -> None:
    try:
        ports(text)
    except ValueError as error:
        raise WrongValueError("expose", f"invalid range format for --expose: {error}") from None


def _pull_policy(value: str) -> str:
    if value and value not in PULL_POLICIES:
        rule = 'must be one of "always", "missing" or "never"'
        raise WrongValueError("pull", f"invalid pull option: '{value}': {rule}")
    return value or "missing"


def _network(names: tuple[str, ...]) -> str | None:
    if "" in names:
        raise WrongValueError("network", "no name set for network")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise WrongValueError("network", f'network "{twice}" is specified multiple times')
    if len(names) > 1:
        raise WrongValueError("network", _conflict(names))
    return names[-1] if names else None


def _conflict(names: tuple[str, ...]) -> str:
    """Return the error for two networks: the client refuses two kinds, and the daemon two of one kind."""
    kinds = {name in PREDEFINED or name.startswith(CONTAINER) for name in names}
    if len(kinds) > 1:
        return "conflicting options: cannot attach both user-defined and non-user-defined network-modes"
    return f"{DAEMON}Container cannot be connected to network endpoints: {', '.join(sorted(names))}"
