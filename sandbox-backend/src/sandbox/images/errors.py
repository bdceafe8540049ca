"""Makes the errors of a pull that gave no image, with the messages of Docker 29's daemon. Pure.

Docker 29 keeps images in containerd, so most of the text is containerd's; the daemon adds the two sentences about
repositories and platforms (moby, daemon/containerd/image_pull.go).
"""

from __future__ import annotations

from sandbox.docker.errors import DockerError
from sandbox.docker.messages import pull_error
from sandbox.model.platform import Platform
from sandbox.model.reference import DEFAULT_DOMAIN, Reference

OURS = frozenset({"puller-failed", "unpack-failed", "store-failed", "no-space"})


class PullError(DockerError):
    """The pull's result when there is no image; `reason` is a stable name for it, `message` the daemon's answer."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(pull_error(message), 1)
        self.reason = reason


def _resolved(reference: Reference) -> str:
    """Return the full name that the daemon asks for: a digest replaces the tag (`messages.canonical` keeps both)."""
    tail = f"@{reference.digest}" if reference.digest else f":{reference.tag}"
    return f"{reference.domain or DEFAULT_DOMAIN}/{reference.path}{tail}"


def unresolved(reference: Reference, reason: str, text: str) -> PullError:
    """Return the error for a tag or digest that the registry was asked for and did not give."""
    if reason == "no-such-repository":
        name = reference.familiar_name
        message = f"pull access denied for {name}, repository does not exist or may require 'docker login'"
        return PullError(reason, message)
    name = _resolved(reference)
    said = f"{name}: not found" if text == "not found" else text
    return PullError(reason, f'failed to resolve reference "{name}": {said}')


def unreachable(reference: Reference) -> PullError:
    """Return the error for a reference to another registry than the operator's, which is not even asked."""
    host = (reference.domain or DEFAULT_DOMAIN).partition(":")[0]
    url = f"https://{reference.domain}/v2/{reference.path}/manifests/{reference.asked}"
    text = f'failed to do request: Head "{url}": dial tcp: lookup {host}: no such host'
    return unresolved(reference, "foreign-host", text)


def not_copied(reason: str, text: str) -> PullError:
    """Return the error for a part of a known image that did not come."""
    return PullError(reason, text if text.startswith("failed commit") else f"failed to copy: {text}")


def no_platform(wanted: Platform) -> PullError:
    """Return the error for an image that is not made for the platform."""
    why = "no match for platform in manifest: not found"
    return PullError("no-such-platform", f"no matching manifest for {wanted.whole} in the manifest list entries: {why}")


def not_provided(reference: Reference, wanted: Platform) -> PullError:
    """Return the error for an image without an index that is made for another platform than the reader asks for."""
    text = f"image with reference {reference.familiar} was found but does not provide the specified platform ({wanted})"
    return PullError("no-such-platform", text)


def other_system(offered: Platform) -> PullError:
    """Return the error for an image of another operating system."""
    why = "operating system is not supported"
    text = f'image operating system "{offered.os}" cannot be used on this platform: {why}'
    return PullError("no-such-platform", text)


def not_extracted(diff_id: str, reason: str, text: str) -> PullError:
    """Return the error for a layer that came and is not one that this host unpacks."""
    return PullError(reason, f"failed to extract layer {diff_id}: {text}")


def too_slow() -> PullError:
    """Return the error for a pull that took longer than the operator lets it."""
    return PullError("registry-slow", "failed to copy: context deadline exceeded")


def too_large(limit: int) -> PullError:
    """Return the error for an image of more bytes than the operator allows; Docker has no such limit."""
    return PullError("image-too-large", f"image is larger than the {limit // 1_000_000} MB that this host allows")
