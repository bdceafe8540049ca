"""Lets a page execute the site's own files and the scripts that the theme writes into it, and no others.

A page names each of its scripts by a hash. A server's own policy cannot know them; a browser obeys both.
"""

from __future__ import annotations

import base64
import hashlib
import re

import offline

# what has a type is no script, or is one that a file holds
INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
CHARSET = '<meta charset="utf-8">'
POLICY = "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'self' 'wasm-unsafe-eval'{}\">"


def on_post_page(output: str, **_: object) -> str:
    """Add the policy to a page, but not on a disk, where nothing is of the same origin."""
    return output if offline.wanted() else guarded(output)


def on_post_template(output_content: str, **_: object) -> str:
    """Add the policy to the page that is shown for what is not there."""
    return on_post_page(output_content)


def guarded(page: str) -> str:
    """Return the page with the policy, before its first script; what is no page stays as it is."""
    hashes = dict.fromkeys(map(_hash, INLINE.findall(page)))
    return page.replace(CHARSET, CHARSET + POLICY.format("".join(f" '{one}'" for one in hashes)), 1)


def _hash(script: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"
