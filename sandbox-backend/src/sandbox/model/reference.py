"""Parses image references as Docker does: `alpine` is `docker.io/library/alpine:latest`.

The grammar is that of github.com/distribution/reference, which both the client and the daemon use; the error
texts are its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_DOMAIN = "docker.io"
OFFICIAL = "library/"
DEFAULT_TAG = "latest"
LONGEST_NAME = 255

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_CHECKSUM_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")


class InvalidReferenceError(ValueError):
    """A text that is no image reference; the message is Docker's own."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A normalised reference. `domain` None means Docker Hub, the default; `tag` is empty only beside a digest
    that was given without one."""

    domain: str | None
    path: str
    tag: str
    digest: str | None = None

    @property
    def repository(self) -> str:
        """Return the name a registry has for it: `library/alpine`."""
        return self.path

    @property
    def familiar_name(self) -> str:
        """Return the short name, without tag and digest: `alpine`."""
        if self.domain is not None:
            return f"{self.domain}/{self.path}"
        return self.path.removeprefix(OFFICIAL)

    @property
    def familiar(self) -> str:
        """Return the short form that Docker prints: `alpine:latest`."""
        return self.familiar_name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    @property
    def asked(self) -> str:
        """Return what a registry's manifest call is asked for: the digest where there is one, else the tag."""
        return self.digest or self.tag


def parse(text: str) -> Reference:
    """Return the reference in `text`, with Docker Hub and `latest` filled in; InvalidReferenceError when it is none."""
    if _IDENTIFIER.fullmatch(text):
        raise InvalidReferenceError(f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings")
    name, digest = _split_digest(text)
    domain, remainder = _split_domain(name)
    path, colon, tag = remainder.partition(":")
    if path != path.lower():
        raise InvalidReferenceError(f"invalid reference format: repository name ({path}) must be lowercase")
    if colon and not _TAG.fullmatch(tag):
        raise InvalidReferenceError("invalid reference format")
    _check_name(domain, path)
    if not tag and digest is None:
        tag = DEFAULT_TAG
    return Reference(None if domain == DEFAULT_DOMAIN else domain, path, tag, digest)


def _split_digest(text: str) -> tuple[str, str | None]:
    name, at, digest = text.partition("@")
    if not at:
        return name, None
    if not _DIGEST.fullmatch(digest):
        raise InvalidReferenceError("invalid reference format")
    if digest.partition(":")[0] not in _CHECKSUM_LENGTHS:
        raise InvalidReferenceError("unsupported digest algorithm")
    algorithm, _, checksum = digest.partition(":")
    if len(checksum) != _CHECKSUM_LENGTHS[algorithm]:
        raise InvalidReferenceError("invalid checksum digest length")
    if checksum != checksum.lower():
        raise InvalidReferenceError("invalid checksum digest format")
    return name, digest


def _split_domain(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if not slash or (first != "localhost" and not set(".:") & set(first) and first == first.lower()):
        domain, remainder = DEFAULT_DOMAIN, name
    else:
        domain, remainder = first, rest
    if domain == "index.docker.io":
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in remainder:
        remainder = OFFICIAL + remainder
    return domain, remainder


def _check_name(domain: str, path: str) -> None:
    if not _PATH.fullmatch(path) or not _DOMAIN.fullmatch(domain):
        raise InvalidReferenceError("invalid reference format")
    if len(path) > LONGEST_NAME:
        raise InvalidReferenceError(f"repository name must not be more than {LONGEST_NAME} characters")
