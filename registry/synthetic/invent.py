"""Inventing plugins: a seed and a number of them give the same plugins everywhere.

Popularity follows Zipf's law, as it does in real registries: the plugin of rank r has about 1/r
of the downloads of the first, and few authors, tags and words appear in most of the names.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from plugport.spec.manifest.model import Dependencies, Manifest, Person, Repository
from plugport.spec.names import PluginName
from plugport.spec.versions import Version
from registry.synthetic import words

_T = TypeVar("_T")
# Fixed, so that a catalogue is the same whenever it is made, and past, so that nothing is new
# tomorrow.
FIRST_DAY = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
DAYS = 900
MOST_DOWNLOADS = 9_000_000
_PLUGINS_AN_AUTHOR = 40
_UNSCOPED_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Author:
    """An account, whose name is also the scope of its plugins, and the name people see."""

    username: str
    title: str


@dataclass(frozen=True, slots=True)
class InventedPlugin:
    """A plugin with one release, and what the years have made of it."""

    manifest: Manifest
    owner: Author
    trust: str
    created_at: dt.datetime
    updated_at: dt.datetime
    downloads: int
    rating: float
    rating_count: int


class _Urn(Generic[_T]):
    """Draws items by their weights."""

    def __init__(self, rng: random.Random, items: Sequence[_T], weights: Iterable[float]) -> None:
        self._rng = rng
        self._items = items
        self._cumulative = list(itertools.accumulate(weights))

    def draw(self) -> _T:
        """One item."""
        return self._rng.choices(self._items, cum_weights=self._cumulative)[0]

    def draw_several(self, most: int) -> tuple[_T, ...]:
        """At most that many different items, at least one."""
        drawn = self._rng.choices(self._items, cum_weights=self._cumulative, k=most)
        return tuple(dict.fromkeys(drawn))


def _weigh_by_rank(items: Sequence[object]) -> Iterator[float]:
    return (1 / rank for rank in range(1, len(items) + 1))


def invent_authors(count: int, taken: Collection[str]) -> list[Author]:
    """The authors of `count` plugins: one for every forty, at least three."""
    wanted = max(3, count // _PLUGINS_AN_AUTHOR)
    pairs = [
        (f"{house}-{trade}", f"{house} {trade}".title())
        for trade in words.TRADES
        for house in words.HOUSES
    ]
    numbered = (
        Author(f"{name}-{number}", f"{title} {number}")
        for number in itertools.count(2)
        for name, title in pairs
    )
    plain = (Author(name, title) for name, title in pairs)
    free = (author for author in itertools.chain(plain, numbered) if author.username not in taken)
    return list(itertools.islice(free, wanted))


class Inventor:
    """Invents plugins one after the other. `taken` holds the collision keys that are in use."""

    def __init__(
        self, count: int, *, seed: int, authors: Sequence[Author], taken: set[str]
    ) -> None:
        self._rng = rng = random.Random(seed)  # noqa: S311 -- nothing here is secret
        self._count = count
        self._taken = taken
        self._authors = _Urn(rng, authors, _weigh_by_rank(authors))
        self._subjects = self._make_urn(words.SUBJECTS)
        self._roles = self._make_urn(words.ROLES)
        self._qualifiers = self._make_urn(words.QUALIFIERS)
        self._tags = self._make_urn((*words.SUBJECTS, *words.ROLES))
        self._categories = self._make_urn(words.CATEGORIES)
        self._kinds = _Urn(rng, list(words.KINDS), (weight for weight, _ in words.KINDS.values()))
        self._licences = _Urn(rng, list(words.LICENCES), words.LICENCES.values())
        self._trusts = _Urn(rng, list(words.TRUSTS), words.TRUSTS.values())
        self._ranks = list(range(1, count + 1))
        rng.shuffle(self._ranks)
        self._made: list[tuple[str, str]] = []

    def _make_urn(self, items: Sequence[str]) -> _Urn[str]:
        return _Urn(self._rng, items, _weigh_by_rank(items))

    def invent(self) -> Iterator[InventedPlugin]:
        """All of them."""
        for rank in self._ranks:
            plugin = self._invent_one(rank)
            self._made.append((str(plugin.manifest.name), str(plugin.manifest.version)))
            yield plugin

    def _invent_one(self, rank: int) -> InventedPlugin:
        rng = self._rng
        owner = self._authors.draw()
        created_at = FIRST_DAY + dt.timedelta(seconds=rng.randrange(DAYS * 86_400))
        age = (FIRST_DAY + dt.timedelta(days=DAYS) - created_at).total_seconds()
        downloads = int(MOST_DOWNLOADS / rank * rng.uniform(0.7, 1.3))
        rating_count = min(downloads // 500, 5000)
        return InventedPlugin(
            manifest=self._invent_manifest(owner),
            owner=owner,
            trust=self._trusts.draw(),
            created_at=created_at,
            updated_at=created_at + dt.timedelta(seconds=int(age * rng.random())),
            downloads=downloads,
            rating=round(rng.triangular(1, 5, 4.4), 2) if rating_count else 0.0,
            rating_count=rating_count,
        )

    def _invent_manifest(self, owner: Author) -> Manifest:
        subject, role = self._subjects.draw(), self._roles.draw()
        scope = None if self._rng.random() < _UNSCOPED_SHARE else owner.username
        name = self._find_free_name(scope, f"{subject}-{role}")
        kind = self._kinds.draw()
        base = f"https://{owner.username}.example.test"
        return Manifest(
            name=name,
            version=self._invent_version(),
            kind=kind,
            dialect="plugport",
            description=self._invent_description(subject, role),
            display_name=f"{subject} {role}".title(),
            author=Person(owner.title, url=base),
            license=self._licences.draw(),
            homepage=f"{base}/{name.name}",
            repository=Repository(f"{base}/git/{name.name}"),
            categories=self._categories.draw_several(2),
            tags=(subject, *(tag for tag in self._tags.draw_several(4) if tag != subject)),
            dependencies=self._invent_dependencies(),
            kind_fields=words.KINDS[kind][1],
        )

    def _find_free_name(self, scope: str | None, plain: str) -> PluginName:
        """A name whose collision key nobody has: with a qualifier, then with a number."""
        candidates = itertools.chain(
            [plain, f"{self._qualifiers.draw()}-{plain}"],
            (f"{self._qualifiers.draw()}-{plain}-{number}" for number in itertools.count(2)),
        )
        for candidate in candidates:
            name = PluginName(scope, candidate)
            key = name.collision_key
            if key not in self._taken:
                self._taken.add(key)
                return name
        raise AssertionError("the numbers do not end")

    def _invent_version(self) -> Version:
        rng = self._rng
        major = rng.choices((0, 1, 2, 3, 4), (30, 45, 15, 6, 4))[0]
        tail = "-beta.1" if rng.random() < 0.03 else ""
        return Version.parse(f"{major}.{rng.randrange(12)}.{rng.randrange(20)}{tail}")

    def _invent_description(self, subject: str, role: str) -> str:
        rng = self._rng
        about = self._subjects.draw()
        return (
            f"{role.title()} for {subject}: {rng.choice(words.VERBS)} {about} {rng.choice(words.ENDINGS)},"
            f" and {rng.choice(words.VERBS)} {self._subjects.draw()} {rng.choice(words.ENDINGS)}."
        )

    def _invent_dependencies(self) -> Dependencies:
        """Three in ten need one to three plugins, mostly such as were there early."""
        rng = self._rng
        if not self._made or rng.random() > 0.3:
            return Dependencies()
        found = (
            self._made[int(len(self._made) * rng.random() ** 4)] for _ in range(rng.randint(1, 3))
        )
        return Dependencies(plugins={name: f"^{version}" for name, version in found})
