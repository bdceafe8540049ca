"""Why a pull did not give an image, in the words that Docker 29's daemon has for it. Pure.

Docker 29 keeps images in containerd, so most of the text is containerd's; the daemon adds the two sentences about
repositories and platforms (moby, daemon/containerd/image_pull.go).
"""

from __future__ import annotations

from sandbox.images.manifest import Platform
from sandbox.model.reference import DEFAULT_DOMAIN, Reference

OURS = frozenset({"puller-failed", "unpack-failed", "store-failed"})


class Refused(Exception):
    """The pull's result when there is no image; `message` is what the daemon would answer, without a prefix."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _resolved(reference: Reference) -> str:
    """The full name that the daemon asks for, where a digest takes the tag's place (`words.canonical` keeps both)."""
    tail = f"@{reference.digest}" if reference.digest else f":{reference.tag}"
    return f"{reference.domain or DEFAULT_DOMAIN}/{reference.path}{tail}"


def unresolved(reference: Reference, code: str, text: str) -> Refused:
    """The registry was asked for the tag or digest and did not give it."""
    if code == "no-such-repository":
        name = reference.familiar_name
        message = f"pull access denied for {name}, repository does not exist or may require 'docker login'"
        return Refused(code, message)
    name = _resolved(reference)
    return Refused(
        code, f'failed to resolve reference "{name}": ' + (f"{name}: not found" if text == "not found" else text)
    )


def unreachable(reference: Reference) -> Refused:
    """The reference names a registry that is not the operator's; nobody was asked."""
    host = (reference.domain or DEFAULT_DOMAIN).partition(":")[0]
    url = f"https://{reference.domain}/v2/{reference.path}/manifests/{reference.asked}"
    text = f'failed to do request: Head "{url}": dial tcp: lookup {host}: no such host'
    return unresolved(reference, "foreign-host", text)


def not_copied(code: str, text: str) -> Refused:
    """The image is known, and a part of it did not come."""
    return Refused(code, text if text.startswith("failed commit") else f"failed to copy: {text}")


def no_platform(wanted: Platform) -> Refused:
    """The image is not made for the platform."""
    reason = "no match for platform in manifest: not found"
    return Refused("no-such-platform", f"no matching manifest for {wanted} in the manifest list entries: {reason}")


def not_extracted(diff_id: str, code: str, text: str) -> Refused:
    """The layer came, and it is not one that this host unpacks."""
    return Refused(code, f"failed to extract layer {diff_id}: {text}")


def too_slow() -> Refused:
    """The whole pull took longer than the operator lets it."""
    return Refused("registry-slow", "failed to copy: context deadline exceeded")


def too_large(limit: int) -> Refused:
    """The image would take more than the operator lets one have; Docker has no such limit and no word for it."""
    return Refused("image-too-large", f"image is larger than the {limit // 1_000_000} MB that this host allows")
