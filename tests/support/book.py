"""The pages of the site in their order, by their names below it, as a reader goes through them."""

from __future__ import annotations

CHAPTERS = (
    "why container image class-and-instance dockerfile scenario vm isolation creation desktop run summary"
).split()
LEARNERS = ["", *CHAPTERS, "glossary"]
OPERATORS = ["operators", "operation"]
AUTHORS = ["authors", "authors.en", "contributing/figures"]
OTHERS = [*OPERATORS, *AUTHORS]
WAYS = [LEARNERS, OPERATORS, AUTHORS]


def address(name: str) -> str:
    """Return the page's address below the site."""
    return f"{name}/" if name else ""


def path(name: str) -> str:
    """Return the page's file below the built site's folder."""
    return f"{address(name)}index.html"
