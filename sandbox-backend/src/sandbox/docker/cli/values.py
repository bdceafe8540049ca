"""Parses the values of flags as Docker's client does; each parser raises ValueError with the client's own message.

Sources: Go's strconv, docker/go-units `size.go` and `ulimit.go`, docker/cli `opts/`, containerd/platforms.
"""

from __future__ import annotations

import re
from fractions import Fraction
from ipaddress import ip_address
from math import inf

from sandbox.docker import go
from sandbox.model.plan import ULIMITS, Throttle, Ulimit

TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
LARGEST = 2**63 - 1
_MULTIPLIERS: dict[str, int] = {letter: 1024**power for power, letter in enumerate("kmgtp", start=1)}
# one way to read each digit, so that a wrong one late in a long row is no reason to try the others
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_RATIONAL = re.compile(
    r"[+-]?(?:[0-9]{1,40}/[0-9]{1,40}|(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?)"
)
_DECIMAL = re.compile(r"[+-]?[0-9]+")
_ANY_BASE = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_THROTTLE = (
    "invalid rate for device: {}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive "
    "integer. Unit is optional and can be kb, mb, or gb"
)
GATEWAY = "host-gateway"
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(?:tcp|udp|sctp))?", re.IGNORECASE)
LAST_PORT = 65_535
_STREAMS = frozenset({"stdin", "stdout", "stderr"})


def text(value: str) -> str:
    """Take any text."""
    return value


def boolean(value: str) -> bool:
    """Parse as strconv.ParseBool."""
    if value in TRUE or value in FALSE:
        return value in TRUE
    raise ValueError(f"strconv.ParseBool: parsing {go.quote(value)}: invalid syntax")


def integer(value: str) -> int:
    """Parse as strconv.ParseInt with base 0 and 64 bits."""
    if not _ANY_BASE.fullmatch(value):
        raise ValueError(f"strconv.ParseInt: parsing {go.quote(value)}: invalid syntax")
    digits = value.lstrip("+-")
    octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    return _in_range(value, int(digits, 8 if octal else 0) if len(digits) < 80 else LARGEST + 1)


def _decimal(value: str) -> int:
    if not _DECIMAL.fullmatch(value):
        raise ValueError(f"strconv.ParseInt: parsing {go.quote(value)}: invalid syntax")
    digits = value.lstrip("+-")
    return _in_range(value, int(digits) if len(digits) < 80 else LARGEST + 1)


def _in_range(value: str, magnitude: int) -> int:
    if magnitude > LARGEST + value.startswith("-"):
        raise ValueError(f"strconv.ParseInt: parsing {go.quote(value)}: value out of range")
    return -magnitude if value.startswith("-") else magnitude


def size(value: str) -> int:
    """Parse a number of bytes as units.RAMInBytes, where `m` and `mb` and `mib` are all 1024 squared."""
    edge = max(map(value.rfind, "0123456789. "))
    if edge < 0:
        raise ValueError(f"invalid size: '{value}'")
    number, suffix = (value[:edge] if value[edge] == " " else value[: edge + 1]), value[edge + 1 :]
    if not _FLOAT.fullmatch(number):
        raise ValueError(f"strconv.ParseFloat: parsing {go.quote(number)}: invalid syntax")
    amount = float(number)
    if amount == inf:
        raise ValueError(f"strconv.ParseFloat: parsing {go.quote(number)}: value out of range")
    if amount < 0:
        raise ValueError(f"invalid size: '{value}'")
    return int(min(amount * _multiplier(suffix), LARGEST))


def _multiplier(suffix: str) -> int:
    if not suffix:
        return 1
    lower = suffix.lower()
    if len(suffix) > 3:
        raise ValueError(f"invalid suffix: '{suffix}'")
    if lower == "b":
        return 1
    if lower[0] not in _MULTIPLIERS or lower[1:] not in ("", "b", "ib"):
        raise ValueError(f"invalid suffix: '{lower}'")
    return _MULTIPLIERS[lower[0]]


def swap(value: str) -> int:
    """Parse a number of bytes, or -1 for no limit."""
    return -1 if value == "-1" else size(value)


def cpus(value: str) -> float:
    """Parse a number of cores, to a billionth: big.Rat and opts.ParseCPUs."""
    try:
        number = Fraction(value) if _RATIONAL.fullmatch(value) else None
    except ZeroDivisionError:
        number = None
    if number is None:
        raise ValueError(f"failed to parse {value} as a rational number")
    if (number * 10**9).denominator != 1:
        raise ValueError("value is too precise")
    return float(number)


def env(value: str) -> str:
    """Take `NAME=value` or `NAME`; the name must not be empty."""
    if not value.partition("=")[0]:
        raise ValueError(f"invalid environment variable: {value}")
    return value


def label(value: str) -> str:
    """Take `key=value` or `key`; the key must not be empty."""
    if not value.partition("=")[0]:
        raise ValueError(f"invalid label '{value}': empty name")
    return value


def ulimit(value: str) -> Ulimit:
    """Parse `type=soft[:hard]`; -1 stands for no limit."""
    name, equals, limits = value.partition("=")
    if not equals:
        raise ValueError(f"invalid ulimit argument: {value}")
    if name not in ULIMITS:
        raise ValueError(f"invalid ulimit type: {name}")
    parts = limits.split(":")
    if len(parts) > 2:
        raise ValueError(f"too many limit value arguments - {limits}, can only have up to two, `soft[:hard]`")
    hard, soft = _decimal(parts[-1]), _decimal(parts[0])
    _check_order(soft, hard)
    return Ulimit(name, soft, hard)


def _check_order(soft: int, hard: int) -> None:
    text = "ulimit soft limit must be less than or equal to hard limit: "
    if hard != -1 and soft == -1:
        raise ValueError(f"{text}soft: -1 (unlimited), hard: {hard}")
    if hard != -1 and soft > hard:
        raise ValueError(f"{text}{soft} > {hard}")


def throttle(value: str) -> Throttle:
    """Parse `/dev/path:rate`, in bytes a second."""
    path, colon, rate = value.partition(":")
    if not colon or not path:
        raise ValueError(f"bad format: {value}")
    if not path.startswith("/dev/"):
        raise ValueError(f"bad format for device path: {value}")
    try:
        return Throttle(path, size(rate))
    except ValueError:
        raise ValueError(_THROTTLE.format(value)) from None


def extra_host(value: str) -> str:
    """Take `name:address` or `name=address` as opts.ValidateExtraHost, and return the first form."""
    name, equals, address = value.partition("=")
    if not equals:
        name, equals, address = value.partition(":")
    if not equals or not name or ":" in name:
        raise ValueError(f"bad format for add-host: {go.quote(value)}")
    if len(address) > 2 and address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    if address != GATEWAY and not _is_address(address):
        raise ValueError(f"invalid IP address in add-host: {go.quote(address)}")
    return f"{name}:{address}"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def ports(value: str) -> str:
    """Take a port or a range of ports, with or without a protocol (moby, api/types/network/port.go)."""
    if not value:
        raise ValueError("invalid port range: value is empty")
    match = _PORTS.fullmatch(value)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not first <= last <= LAST_PORT:
        raise ValueError(f"invalid port range: {value}")
    return value


def stream(value: str) -> str:
    """Take the name of one of the three standard streams."""
    if value.lower() not in _STREAMS:
        raise ValueError("valid streams are STDIN, STDOUT and STDERR")
    return value.lower()


def pair(value: str) -> str:
    """Take a filter, `name=value`."""
    if "=" not in value:
        raise ValueError("bad format of filter (expected name=value)")
    return value
