"""What axe finds on a page that is open in a browser."""

from __future__ import annotations

from playwright.sync_api import Page

from support.built_site import REPOSITORY

AXE = REPOSITORY / "node_modules/axe-core/axe.min.js"
FINDINGS = "axe.run().then(r => r.violations.map(v => [v.id, ...v.nodes.map(n => n.html)]))"
SCHEMES = {"light": "default", "dark": "slate"}
UNFOLD = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


def findings(page: Page) -> list[list[str]]:
    """Each rule that is broken, and where."""
    page.evaluate(AXE.read_text())
    found: list[list[str]] = page.evaluate(FINDINGS)
    return found


def in_both_schemes(page: Page) -> list[str]:
    """What is found on a page of the site in its light and its dark colours, with all that folds unfolded."""
    page.evaluate(UNFOLD)
    found = []
    for scheme, name in SCHEMES.items():
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        page.wait_for_selector(f'body[data-md-color-scheme="{name}"]')
        page.wait_for_timeout(400)  # colours fade
        found += [f"{scheme}: {' '.join(one)}" for one in findings(page)]
    return found
