"""What the tests of the built site need to know of a page, read with the standard library's parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str]
LOADING = {
    "script": "src",
    "img": "src",
    "source": "src",
    "iframe": "src",
    "link": "href",
    "use": "href",
    "video": "src",
    "audio": "src",
}
NOT_LOADED = {"canonical", "prev", "next", "alternate"}


@dataclass
class Page(HTMLParser):
    """The elements of a page, the text of its title, and the parts of its figures."""

    source: str
    elements: list[tuple[str, Attributes]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    _reading: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag in ("title", "desc"):
            self._reading = attributes.get("id", tag)
            self.texts[self._reading] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("title", "desc"):
            self._reading = ""

    def handle_data(self, data: str) -> None:
        if self._reading:
            self.texts[self._reading] += data

    def all(self, tag: str) -> list[Attributes]:
        return [attributes for name, attributes in self.elements if name == tag]

    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def loaded(self) -> list[str]:
        """The addresses that a browser fetches for this page without being asked."""
        found = []
        for tag, attributes in self.elements:
            loads = tag != "link" or not NOT_LOADED & set(attributes.get("rel", "").split())
            if loads and tag in LOADING and LOADING[tag] in attributes:
                found.append(attributes[LOADING[tag]])
        return found

    def description(self) -> str:
        metas = [meta for meta in self.all("meta") if meta.get("name") == "description"]
        return metas[0].get("content", "") if metas else ""

    def figures(self) -> list[Attributes]:
        """The pictures of the page's own; icons are not named and not counted."""
        return [attributes for attributes in self.all("svg") if attributes.get("role") == "img"]
