"""Normalises platforms to containerd's names; registries, `--platform` and `uname` each spell them differently."""

from __future__ import annotations

from dataclasses import dataclass

_SYSTEMS = {"macos": "darwin"}
_ARCHITECTURES = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
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

    def offers(self, wanted: Platform) -> bool:
        """Return whether an image for this platform runs where `wanted` is asked for."""
        return self.whole == wanted.whole

    @property
    def whole(self) -> Platform:
        """Return the same with the usual variant where none is named."""
        return Platform(self.os, self.architecture, self.variant or _USUAL.get(self.architecture, ""))


def normalised(os: str, architecture: str, variant: str = "") -> Platform:
    """Return the platform of these parts in containerd's spelling, without a variant that goes without saying."""
    os, variant = os.lower(), variant.lower()
    architecture, implied = _ARCHITECTURES.get(architecture.lower(), (architecture.lower(), ""))
    variant = variant or implied
    return Platform(_SYSTEMS.get(os, os), architecture, _VARIANTS.get((architecture, variant), variant))


def parse(text: str) -> Platform:
    """Return the platform in `linux/arm64/v8`, `linux/amd64`, `arm64` or `x86_64`; without a system it is Linux."""
    first, slash, rest = text.partition("/")
    if not slash:
        return normalised("linux", first)
    architecture, _, variant = rest.partition("/")
    return normalised(first, architecture, variant)
