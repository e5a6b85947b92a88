"""Generate plugins: the same seed and number give the same plugins on every machine.

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

from bench.seed import vocabulary
from plugport.spec.manifest.model import Dependencies, Manifest, Person, Repository
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

_T = TypeVar("_T")
# Fixed, so that a catalog does not depend on the day, and in the past, so that nothing is newer
# than the current time.
FIRST_DAY = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
DAYS = 900
MAX_DOWNLOADS = 9_000_000
_PLUGINS_PER_AUTHOR = 40
_UNSCOPED_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Author:
    """An account: its name, which is also the scope of its plugins, and its display name."""

    username: str
    title: str


@dataclass(frozen=True, slots=True)
class GeneratedPlugin:
    """A plugin with one release, its downloads and its ratings."""

    manifest: Manifest
    owner: Author
    trust: str
    created_at: dt.datetime
    updated_at: dt.datetime
    downloads: int
    rating: float
    rating_count: int


class _WeightedSampler(Generic[_T]):
    """Draws items at random; an item with twice the weight comes twice as often."""

    def __init__(self, rng: random.Random, items: Sequence[_T], weights: Iterable[float]) -> None:
        self._rng = rng
        self._items = items
        self._cumulative = list(itertools.accumulate(weights))

    def sample(self) -> _T:
        return self._rng.choices(self._items, cum_weights=self._cumulative)[0]

    def sample_several(self, max_count: int) -> tuple[_T, ...]:
        """Draw `max_count` times; an item that is drawn again is left out."""
        drawn = self._rng.choices(self._items, cum_weights=self._cumulative, k=max_count)
        return tuple(dict.fromkeys(drawn))


def _iter_rank_weights(items: Sequence[object]) -> Iterator[float]:
    return (1 / rank for rank in range(1, len(items) + 1))


def build_authors(count: int, taken: Collection[str]) -> list[Author]:
    """Build the authors of `count` plugins: one for every forty, at least three."""
    author_count = max(3, count // _PLUGINS_PER_AUTHOR)
    pairs = [
        (f"{house}-{trade}", f"{house} {trade}".title())
        for trade in vocabulary.AUTHOR_SUFFIXES
        for house in vocabulary.AUTHOR_NAMES
    ]
    numbered = (
        Author(f"{name}-{number}", f"{title} {number}")
        for number in itertools.count(2)
        for name, title in pairs
    )
    plain = (Author(name, title) for name, title in pairs)
    free = (author for author in itertools.chain(plain, numbered) if author.username not in taken)
    return list(itertools.islice(free, author_count))


class PluginGenerator:
    """Generates plugins one after the other. `taken` contains the collision keys in use."""

    def __init__(
        self, count: int, *, seed: int, authors: Sequence[Author], taken: set[str]
    ) -> None:
        self._rng = rng = random.Random(seed)
        self._count = count
        self._taken = taken
        self._authors = _WeightedSampler(rng, authors, _iter_rank_weights(authors))
        self._subjects = self._build_sampler(vocabulary.SUBJECTS)
        self._roles = self._build_sampler(vocabulary.ROLES)
        self._qualifiers = self._build_sampler(vocabulary.QUALIFIERS)
        self._tags = self._build_sampler((*vocabulary.SUBJECTS, *vocabulary.ROLES))
        self._categories = self._build_sampler(vocabulary.CATEGORIES)
        self._kinds = _WeightedSampler(
            rng, list(vocabulary.KINDS), (weight for weight, _ in vocabulary.KINDS.values())
        )
        self._licenses = _WeightedSampler(
            rng, list(vocabulary.LICENSES), vocabulary.LICENSES.values()
        )
        self._trusts = _WeightedSampler(rng, list(vocabulary.TRUSTS), vocabulary.TRUSTS.values())
        self._ranks = list(range(1, count + 1))
        rng.shuffle(self._ranks)
        self._generated: list[tuple[str, str]] = []

    def _build_sampler(self, items: Sequence[str]) -> _WeightedSampler[str]:
        return _WeightedSampler(self._rng, items, _iter_rank_weights(items))

    def iter_plugins(self) -> Iterator[GeneratedPlugin]:
        """Yield `count` plugins in random order of popularity. The same seed gives the same ones."""
        for rank in self._ranks:
            plugin = self._build_plugin(rank)
            self._generated.append((str(plugin.manifest.name), str(plugin.manifest.version)))
            yield plugin

    def _build_plugin(self, rank: int) -> GeneratedPlugin:
        rng = self._rng
        owner = self._authors.sample()
        created_at = FIRST_DAY + dt.timedelta(seconds=rng.randrange(DAYS * 86_400))
        age = (FIRST_DAY + dt.timedelta(days=DAYS) - created_at).total_seconds()
        downloads = int(MAX_DOWNLOADS / rank * rng.uniform(0.7, 1.3))
        rating_count = min(downloads // 500, 5000)
        return GeneratedPlugin(
            manifest=self._build_manifest(owner),
            owner=owner,
            trust=self._trusts.sample(),
            created_at=created_at,
            updated_at=created_at + dt.timedelta(seconds=int(age * rng.random())),
            downloads=downloads,
            rating=round(rng.triangular(1, 5, 4.4), 2) if rating_count else 0.0,
            rating_count=rating_count,
        )

    def _build_manifest(self, owner: Author) -> Manifest:
        subject, role = self._subjects.sample(), self._roles.sample()
        scope = None if self._rng.random() < _UNSCOPED_SHARE else owner.username
        name = self._allocate_name(scope, f"{subject}-{role}")
        kind = self._kinds.sample()
        base = f"https://{owner.username}.example.test"
        return Manifest(
            name=name,
            version=self._build_version(),
            kind=kind,
            dialect="plugport",
            description=self._build_description(subject, role),
            display_name=f"{subject} {role}".title(),
            author=Person(owner.title, url=base),
            license=self._licenses.sample(),
            homepage=f"{base}/{name.name}",
            repository=Repository(f"{base}/git/{name.name}"),
            categories=self._categories.sample_several(2),
            tags=(subject, *(tag for tag in self._tags.sample_several(4) if tag != subject)),
            dependencies=self._build_dependencies(),
            kind_fields=vocabulary.KINDS[kind][1],
        )

    def _allocate_name(self, scope: str | None, plain: str) -> PluginName:
        """Return a name with an unused collision key: with a qualifier, then with a number."""
        candidates = itertools.chain(
            [plain, f"{self._qualifiers.sample()}-{plain}"],
            (f"{self._qualifiers.sample()}-{plain}-{number}" for number in itertools.count(2)),
        )
        for candidate in candidates:
            name = PluginName(scope, candidate)
            key = name.collision_key
            if key not in self._taken:
                self._taken.add(key)
                return name
        raise AssertionError("the numbers do not end")

    def _build_version(self) -> Version:
        rng = self._rng
        major = rng.choices((0, 1, 2, 3, 4), (30, 45, 15, 6, 4))[0]
        tail = "-beta.1" if rng.random() < 0.03 else ""
        return Version.parse(f"{major}.{rng.randrange(12)}.{rng.randrange(20)}{tail}")

    def _build_description(self, subject: str, role: str) -> str:
        rng = self._rng
        about = self._subjects.sample()
        return (
            f"{role.title()} for {subject}: {rng.choice(vocabulary.VERBS)} {about} {rng.choice(vocabulary.ENDINGS)},"
            f" and {rng.choice(vocabulary.VERBS)} {self._subjects.sample()} {rng.choice(vocabulary.ENDINGS)}."
        )

    def _build_dependencies(self) -> Dependencies:
        """Three in ten plugins depend on one to three others, mostly on old ones."""
        rng = self._rng
        if not self._generated or rng.random() > 0.3:
            return Dependencies()
        required = (
            self._generated[int(len(self._generated) * rng.random() ** 4)]
            for _ in range(rng.randint(1, 3))
        )
        return Dependencies(plugins={name: f"^{version}" for name, version in required})
