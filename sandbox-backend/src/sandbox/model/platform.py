"""Normalises platforms to containerd's names; registries, `--platform` and `uname` each spell them differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_SYSTEMS = {"macos": "darwin"}
# a name that implies a variant has that one, whatever else is said
_ARCHITECTURES: dict[str, tuple[str, str | None]] = {
    "x86_64": ("amd64", None),
    "x86-64": ("amd64", None),
    "aarch64": ("arm64", None),
    "i386": ("386", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
}
_VARIANTS = {
    ("amd64", "v1"): "",
    ("arm64", "8"): "",
    ("arm64", "v8"): "",
    **{("arm", number): f"v{number}" for number in "5678"},
}
# an image that names no variant is for this one
_USUAL = {"arm64": "v8", "arm": "v7"}


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system, a processor and its variant; the architecture is empty where a text names none."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def rank(self, wanted: Platform) -> int | None:
        """Return how well an image for this platform does where `wanted` is asked for, 0 the best; None where it does
        not run."""
        taken = wanted.taken
        return taken.index(self.whole) if self.whole in taken else None

    def offers(self, wanted: Platform) -> bool:
        """Return whether an image for this platform runs where `wanted` is asked for."""
        return self.rank(wanted) is not None

    @property
    def taken(self) -> tuple[Platform, ...]:
        """Return the platforms whose images run here, the best first: this one, and lesser variants of its processor.

        containerd adds another width of words (386 on amd64, arm on arm64), whose system calls are filtered out here.
        """
        whole = self.whole
        variants = _variants(whole.architecture, whole.variant)
        return tuple(Platform(whole.os, whole.architecture, variant) for variant in variants)

    @property
    def whole(self) -> Platform:
        """Return the same with the usual variant where none is named."""
        return Platform(self.os, self.architecture, self.variant or _USUAL.get(self.architecture, ""))


def normalised(os: str, architecture: str, variant: str = "") -> Platform:
    """Return the platform of these parts in containerd's spelling, without a variant that goes without saying."""
    os, variant = os.lower(), variant.lower()
    architecture, implied = _ARCHITECTURES.get(architecture.lower(), (architecture.lower(), None))
    variant = variant if implied is None else implied
    return Platform(_SYSTEMS.get(os, os), architecture, _VARIANTS.get((architecture, variant), variant))


def _variants(architecture: str, variant: str) -> Iterator[str]:
    """Yield a variant and the lesser ones that it includes."""
    yield variant
    major, _, minor = variant.removeprefix("v").partition(".")
    # no processor has a longer one
    if not (_is_number(major) and _is_number(minor or "0")):
        return
    number, below = int(major), int(minor or 0)
    if architecture == "amd64":
        yield from (f"v{lesser}" for lesser in range(number - 1, 1, -1))
        yield ""
    elif architecture == "arm":
        yield from (f"v{lesser}" for lesser in range(number - 1, 4, -1))
    elif architecture == "arm64" and number in (8, 9):
        if number == 9:
            yield from map(_ninth, range(below - 1, -1, -1))
            # each of the ninth includes the eighth's five further on
            below += 6
        yield from (f"v8.{lesser}" if lesser else "v8" for lesser in range(below - 1, -1, -1))


def _ninth(minor: int) -> str:
    return f"v9.{minor}" if minor else "v9"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2


def parse(text: str) -> Platform:
    """Return the platform in `linux/arm64/v8`, `linux/amd64`, `arm64` or `x86_64`; without a system it is Linux."""
    first, slash, rest = text.partition("/")
    if not slash:
        return normalised("linux", first)
    architecture, _, variant = rest.partition("/")
    return normalised(first, architecture, variant)
