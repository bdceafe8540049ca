"""What axe finds on a page that is open in a browser."""

from __future__ import annotations

import functools

from playwright.sync_api import Page

from support.built_site import REPOSITORY

AXE = REPOSITORY / "node_modules/axe-core/axe.min.js"
# what is well is not told, which would take as long again
FINDINGS = """within => axe.run(within, {resultTypes: ["violations"]})
    .then(r => r.violations.map(v => [v.id, ...v.nodes.map(n => n.html)]))"""
SCHEMES = {"light": "default", "dark": "slate"}
# whatever fades does so at once, and then what fades because of it; what moves without an end is left alone
FADED = """async () => {
    const fading = () => document.getAnimations().filter(one => one.playState === "running"
        && one.effect.getComputedTiming().endTime !== Infinity);
    for (let some = fading(); some.length; some = fading()) {
        for (const one of some) one.finish();
        await new Promise(next => requestAnimationFrame(() => setTimeout(next)));
    }
}"""
UNFOLD = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


def findings(page: Page, within: str = "html") -> list[list[str]]:
    """Each rule that is broken, and where, on the page or in the parts that a selector names."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(source())
    found: list[list[str]] = page.evaluate(FINDINGS, within)
    return found


@functools.cache
def source() -> str:
    """Axe itself."""
    return AXE.read_text()


def in_light_and_dark(page: Page) -> list[list[str]]:
    """What is found on a page of demos in either colours."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found += [[scheme, *one] for one in findings(page)]
    return found


def in_both_schemes(page: Page, within: str = "html") -> list[str]:
    """What is found there on a page of the site in its light and its dark colours, with all that folds unfolded."""
    page.evaluate(UNFOLD)
    found = []
    for scheme, name in SCHEMES.items():
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        page.wait_for_selector(f'body[data-md-color-scheme="{name}"]')
        page.evaluate(FADED)
        found += [f"{scheme}: {' '.join(one)}" for one in findings(page, within)]
    return found
