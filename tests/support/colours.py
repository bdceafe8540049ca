"""How far two colours stand apart, as WCAG measures it, and what colours a picture of a page has."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# each picture's pixels, one row after the other, as a style sheet writes colours
PIXELS = """shots => Promise.all(shots.map(async shot => {
    const image = Object.assign(new Image(), {src: `data:image/png;base64,${shot}`});
    await image.decode();
    const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
    pen.drawImage(image, 0, 0);
    const {data} = pen.getImageData(0, 0, image.width, image.height);
    return Array.from({length: data.length / 4}, (_, at) => `rgb(${data.slice(4 * at, 4 * at + 3)})`);
}))"""


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def farthest(chromium: Browser, one: bytes, other: bytes) -> float:
    """The contrast of two pictures of the same place, where they stand farthest apart."""
    page = chromium.new_page()
    shots = page.evaluate(PIXELS, [base64.b64encode(shot).decode() for shot in (one, other)])
    page.close()
    return max(contrast(*pair) for pair in zip(*shots, strict=True))
