"""Plugins, lists of plugins, and what is counted over them."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from plugport.spec.api.domains import Proof
from plugport.spec.api.values import OWNER_KINDS, TRUST_LEVELS, VISIBILITIES, describe, one_of


class Author(TypedDict):
    name: str
    url: str | None
    github: NotRequired[
        Annotated[str, describe("The author's user name on GitHub, if the manifest has it.")]
    ]


class Repository(TypedDict):
    type: NotRequired[str]
    url: str
    directory: NotRequired[str | None]


class Deprecation(TypedDict):
    message: str
    replacement: str | None
    at: str | None


class Publisher(TypedDict):
    """The owner that stands for the plugin: the oldest one, until it is no owner any longer."""

    name: str
    kind: Annotated[str, one_of(OWNER_KINDS)]
    since: str


# `from` is a word of Python.
PastTransfer = TypedDict("PastTransfer", {"from": str, "to": str, "at": str})


class PendingTransfer(TypedDict):
    """An accepted transfer that takes effect at a time, unless an owner cancels it."""

    to: str
    at: str


class Ownership(TypedDict):
    """Who owns a plugin. A client can compare it with what it knows of an installed one."""

    owners: list[str]
    publisher: Annotated[
        Publisher | None, describe("Null for a plugin that nobody owns any longer.")
    ]
    transfers: Annotated[list[PastTransfer], describe("The newest first, at most 20.")]
    pendingTransfer: PendingTransfer | None
    seeksAdoption: Annotated[
        bool, describe("Its owners look for somebody who takes it over: anybody may claim it.")
    ]


class PluginDocument(Ownership):
    """The part of a plugin that the registry stores: it changes only when an action changes it."""

    name: str
    displayName: str
    description: str
    type: Annotated[str, describe("The kind of plugin.")]
    author: Author | None
    repository: Repository | None
    homepage: str | None
    license: str | None
    categories: list[str]
    tags: list[str]
    dialect: Annotated[str, describe("The manifest format.")]
    latestVersion: str | None
    distTags: dict[str, str]
    trust: Annotated[str, one_of(TRUST_LEVELS)]
    trustScore: int | None
    verified: bool
    official: bool
    deprecated: Deprecation | None
    registry: str
    createdAt: str
    updatedAt: str


class Plugin(PluginDocument):
    """A plugin with its counters, and who may see it."""

    visibility: Annotated[str, one_of(VISIBILITIES)]
    trustedPublishingOnly: Annotated[
        bool, describe("Only configured CI jobs may publish it, and no token of a person.")
    ]
    downloads: int
    weeklyDownloads: int
    rating: float
    ratingCount: int


class PluginDetail(Plugin):
    """A plugin by its name, with what its publisher has proven."""

    proofs: Annotated[
        list[Proof],
        describe(
            "The domains, and the accounts and groups of code hosts, that the publisher has proven."
        ),
    ]
    repositoryProven: Annotated[
        bool, describe("Whether `repository` is one of an account or group in `proofs`.")
    ]


class Pagination(TypedDict):
    total: int
    pages: int
    current: int
    hasMore: bool


class TopList(TypedDict):
    plugins: list[Plugin]


class PluginList(TopList):
    pagination: Pagination


class Facets(TypedDict):
    """For each facet, its values and the number of results with each, most frequent first."""

    type: dict[str, int]
    category: dict[str, int]
    tag: dict[str, int]
    trust: dict[str, int]
    license: dict[str, int]
    dialect: dict[str, int]
    registry: dict[str, int]


class Highlight(TypedDict, total=False):
    """The fields that match, as safe HTML with the matches in `<mark>`."""

    name: str
    displayName: str
    description: str


class PluginSearch(PluginList):
    facets: Facets
    highlights: Annotated[dict[str, Highlight], describe("By plugin name.")]
    didYouMean: Annotated[str | None, describe("A spelling that has more results.")]
    partial: Annotated[bool, describe("No plugin matches all the words; these match most of them.")]
    degraded: Annotated[
        bool, describe("The search engine is unavailable; the results come from the database.")
    ]
    hint: Annotated[
        str | None, describe("What can be searched, for a query without letters and digits.")
    ]


class Suggestion(TypedDict):
    name: str
    displayName: str
    type: str
    trust: str


class SuggestionList(TypedDict):
    suggestions: list[Suggestion]


class TermCount(TypedDict):
    """A category or tag and the number of its plugins."""

    name: str
    count: int


class CategoryList(TypedDict):
    categories: list[TermCount]


class TagList(TypedDict):
    tags: list[TermCount]


class DayCount(TypedDict):
    date: str
    downloads: int


class Stats(TypedDict):
    name: str
    downloads: int
    weeklyDownloads: int
    days: list[DayCount]
    versions: dict[str, int]
