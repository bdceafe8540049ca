"""Parses flags as github.com/spf13/pflag does: long and short, clusters, `=`, `--`, and values checked in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.docker import go
from sandbox.docker.cli import values


class FlagError(ValueError):
    """An error in the grammar of flags; the message is pflag's own."""


class HelpAskedError(Exception):
    """A request for help by `-h` or `--help` on a command that has no flag of that name."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of a command. `read` turns its text into a value or raises ValueError; `field` is where the value
    goes; `unavailable` names why this host does not take it, unless its text is `harmless` or, where namespaces can be
    shared (`sharing`), `container:NAME`; `about` is its line of help; `kind` the value's name there."""

    name: str
    short: str = ""
    read: Callable[[str], Any] = values.text
    field: str = ""
    many: bool = False
    unavailable: str = ""
    harmless: frozenset[str] = frozenset()
    sharing: bool = False
    kind: str = "string"
    about: str = ""

    @property
    def is_boolean(self) -> bool:
        return self.read is values.boolean

    @property
    def shown(self) -> str:
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a flag: its text and value, and the first and last argument that it stands in."""

    flag: Flag
    text: str
    value: Any
    first: int
    last: int
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """The uses of flags in a command line, and the indexes of the other arguments."""

    uses: tuple[Use, ...]
    rest: tuple[int, ...]


class Table:
    """The flags of one command, by name and by letter."""

    def __init__(self, flags: Sequence[Flag], aliases: Mapping[str, str] | None = None) -> None:
        self.flags = tuple(flags)
        self.by_name = {flag.name: flag for flag in flags}
        self.by_letter = {flag.short: flag for flag in flags if flag.short}
        self.by_name |= {alias: self.by_name[name] for alias, name in (aliases or {}).items()}


def scan(argv: Sequence[str], table: Table, interspersed: bool) -> Scan:
    """Read `argv`; FlagError or HelpAskedError at the first argument that is wrong or asks for help."""
    return _Scanner(argv, table).scan(interspersed)


class _Scanner:
    def __init__(self, argv: Sequence[str], table: Table) -> None:
        self._argv, self._table, self._at = argv, table, 0
        self._uses: list[Use] = []

    def scan(self, interspersed: bool) -> Scan:
        rest: list[int] = []
        while self._at < len(self._argv):
            word = self._argv[self._at]
            if word == "--":
                rest += range(self._at + 1, len(self._argv))
                break
            if len(word) < 2 or word[0] != "-":
                if not interspersed:
                    rest += range(self._at, len(self._argv))
                    break
                rest.append(self._at)
            elif word[1] == "-":
                self._long(word)
            else:
                self._cluster(word)
            self._at += 1
        return Scan(tuple(self._uses), tuple(rest))

    def _long(self, word: str) -> None:
        if word[2] in "-=":
            raise FlagError(f"bad flag syntax: {word}")
        name, equals, text = word[2:].partition("=")
        flag = self._table.by_name.get(name)
        if flag is None:
            if name == "help":
                raise HelpAskedError
            raise FlagError(f"unknown flag: --{name}")
        first = self._at
        if not equals:
            text = "true" if flag.is_boolean else self._next(f"--{name}")
        self._use(flag, text, first)

    def _cluster(self, word: str) -> None:
        """Read the letters of `word`; a switch that it repeats is one use, as the first of them says all."""
        first, switched = self._at, set[str]()
        for at, letter in enumerate(word[1:], start=1):
            flag = self._table.by_letter.get(letter)
            if flag is None:
                if letter == "h":
                    raise HelpAskedError
                raise FlagError(f"unknown shorthand flag: {_quoted(letter)} in -{word[at:]}")
            if not flag.is_boolean or (word[at + 1 : at + 2] == "=" and len(word) > at + 2):
                self._use(flag, self._short_value(word, at), first, letter)
                return
            if letter not in switched:
                self._use(flag, "true", first, letter)
                switched.add(letter)

    def _short_value(self, word: str, at: int) -> str:
        """Return the value of the letter at `at`: what follows it, or the next argument."""
        following = word[at + 1 :]
        if len(following) > 1:
            return following.removeprefix("=")
        return following or self._next(f"'{word[at]}' in -{word[at:]}")

    def _next(self, shown: str) -> str:
        self._at += 1
        if self._at >= len(self._argv):
            raise FlagError(f"flag needs an argument: {shown}")
        return self._argv[self._at]

    def _use(self, flag: Flag, text: str, first: int, letter: str = "") -> None:
        try:
            value = flag.read(text)
        except ValueError as error:
            raise FlagError(f'invalid argument {go.quote(text)} for "{flag.shown}" flag: {error}') from None
        self._uses.append(Use(flag, text, value, first, self._at, letter))


def _quoted(letter: str) -> str:
    return "'" + go.quote(letter)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
