"""What a list of plugins is narrowed and sorted by, and one line of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Facet: TypeAlias = Literal["kind", "trust", "license", "author", "dialect", "category", "tag"]
SORTS = ("relevance", "downloads", "rating", "recent", "name")
_MAX_WORDS = 8


@dataclass(frozen=True, slots=True)
class PluginFilter:
    """What a list of plugins is narrowed by; empty members narrow nothing."""

    q: str = ""
    kind: str = ""
    category: str = ""
    tag: str = ""
    author: str = ""
    trust: str = ""
    license: str = ""
    dialect: str = ""
    verified: bool | None = None
    sort: str = "relevance"
    page: int = 1
    limit: int = 20

    @property
    def start(self) -> int:
        """How many plugins come before the page."""
        return (self.page - 1) * self.limit

    @property
    def words(self) -> list[str]:
        """The words of `q`, folded as texts are; more than eight narrow no further."""
        return self.q.casefold().split()[:_MAX_WORDS]

    @property
    def facets(self) -> Iterator[tuple[Facet, str]]:
        """The facets that are asked for, each with its value."""
        wanted: tuple[tuple[Facet, str], ...] = (
            ("kind", self.kind),
            ("trust", self.trust),
            ("license", self.license),
            ("author", self.author),
            ("dialect", self.dialect),
            ("category", self.category),
            ("tag", self.tag),
        )
        return ((facet, value) for facet, value in wanted if value)


@dataclass(frozen=True, slots=True)
class Line:
    """A listed plugin as the catalogue keeps it. `text` is folded; `updated_at` in seconds."""

    id: int
    name: str
    text: str
    downloads: int
    rating: float
    updated_at: float
    facets: tuple[tuple[Facet, str], ...]
