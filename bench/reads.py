"""How fast a catalogue of 100,000 invented plugins is read: single plugins, lists, pages.

Single plugins are asked for by four connections at once. Lists and pages are asked for one after
the other, each list with another filter, order and depth; every one of them counts, the first
after the start as well.
"""

from __future__ import annotations

import itertools
import json
import random
import time
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from bench.load import Connection, Figures, measure, summarise
from bench.report import report
from bench.running import Registry, find_databases, make_registry, read_arguments

_NAMES = 2000
_LOOKS, _STEP = 40, 7
# From what nearly everything has to what nearly nothing has.
FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"type": "toolset"},
    {"type": "pipeline"},
    {"tag": "mail"},
    {"tag": "snapshot"},
    {"category": "integration"},
    {"category": "education"},
    {"author": "Harbour Labs"},
    {"author": "nobody"},
    {"trust": "community"},
    {"trust": "untrusted"},
    {"license": "MIT"},
    {"license": "Unlicense"},
    {"verified": "true"},
    {"verified": "false"},
    {"type": "bridge", "category": "data", "license": "MIT"},
    {"type": "toolset", "tag": "mail", "trust": "community", "category": "integration"},
    {"tag": "snapshot", "author": "Harbour Labs"},
)
_WORDS = ("mail", "mail bridge", "snapshot", "fast ticket tools", "mial", "harbour", "zzzz", "a")
SORTS = ("relevance", "downloads", "rating", "recent", "name")
_PAGES = (1, 2, 50, 1000, 5000)


def make_lists() -> list[str]:
    """Paths of lists without words: every filter in every order at every depth."""
    asked = itertools.product(FILTERS, SORTS, _PAGES)
    return [_make_path({**chosen, "sort": sort, "page": str(page)}) for chosen, sort, page in asked]


def make_searches() -> list[str]:
    """Paths of lists with words, alone and with filters."""
    filters = [{}, {"type": "toolset"}, {"tag": "mail", "license": "MIT"}]
    asked = itertools.product(_WORDS, filters, SORTS, (1, 3))
    return [
        _make_path({"q": text, **chosen, "sort": sort, "page": str(page)})
        for text, chosen, sort, page in asked
    ]


def _make_path(query: dict[str, str]) -> str:
    return f"/api/v1/plugins?{urlencode(query)}"


def ask_each(url: str, paths: list[str]) -> Figures:
    """Ask for every path once, in random order, on one connection."""
    ordered = random.Random(1).sample(paths, len(paths))
    connection = Connection(url)
    times, failures = [], 0
    begun = time.perf_counter()
    for path in ordered:
        started = time.perf_counter()
        status, _ = connection.get(path)
        times.append(time.perf_counter() - started)
        failures += status != 200
    return summarise(times, time.perf_counter() - begun, failures)


def read_json(url: str) -> Any:
    """The document at the address."""
    with urllib.request.urlopen(url, timeout=120) as answer:
        return json.load(answer)


def list_names(registry: Registry) -> list[str]:
    """Names of plugins, popular and not."""
    names: list[str] = []
    for page in range(1, _NAMES // 100 + 1):
        found = read_json(f"{registry.url}/api/v1/plugins?limit=100&page={page}&sort=name")
        names += [plugin["name"] for plugin in found["plugins"]]
    return names


def wait_for_search(registry: Registry) -> None:
    """Return when the search index has everything, so that building it is not measured."""
    while True:
        found = read_json(f"{registry.url}/api/v1/plugins?limit=1")
        if (
            not found["degraded"]
            and sum(found["facets"]["type"].values()) == found["pagination"]["total"]
        ):
            return
        time.sleep(0.5)


def measure_plugins(registry: Registry, names: list[str], mark: str) -> None:
    """Single plugins, two web processes, four connections."""
    paths = [f"/api/v1/plugins/{quote(name, safe='@/')}" for name in names]
    figures = measure(registry.url, paths, connections=4, count=1500)
    _check(figures, "plugins")
    report(f"one plugin: rate ({mark})", figures.requests_per_second, "requests/s", least=800)
    report(f"one plugin: p50 ({mark})", figures.p50_ms, "ms")
    report(f"one plugin: p95 ({mark})", figures.p95_ms, "ms", most=15)


def measure_lists(registry: Registry, mark: str) -> None:
    """Lists and searches, each asked for once."""
    groups = {"lists without words": make_lists(), "lists with words": make_searches()}
    for name, paths in groups.items():
        figures = ask_each(registry.url, paths)
        _check(figures, name)
        report(f"{len(paths)} {name}: p50 ({mark})", figures.p50_ms, "ms")
        report(f"{len(paths)} {name}: p95 ({mark})", figures.p95_ms, "ms", most=40)
        report(f"{len(paths)} {name}: slowest ({mark})", figures.most_ms, "ms")


def measure_pages(registry: Registry, names: list[str], mark: str) -> None:
    """Time to the first byte of pages, which are sent whole; each address is asked for once."""
    lists = make_lists() + make_searches()
    pages = {
        "home": ["/"] * _LOOKS,
        "search": [path.replace("/api/v1/plugins", "/search") for path in lists[::_STEP]],
        "plugin": [f"/plugins/{quote(name, safe='@/')}" for name in names[::_STEP]],
        "categories": ["/categories"] * _LOOKS,
    }
    for shown, paths in pages.items():
        figures = ask_each(registry.url, paths)
        _check(figures, shown)
        report(f"page {shown}: first byte, p50 ({mark})", figures.p50_ms, "ms")
        report(f"page {shown}: first byte, p95 ({mark})", figures.p95_ms, "ms", most=50)


def _check(figures: Figures, what: str) -> None:
    if figures.failures:
        raise SystemExit(f"{figures.failures} requests for {what} failed")


def make_filled(database: str, count: int) -> Iterator[tuple[Registry, str]]:
    """A registry with that many plugins, running, and the mark of its lines."""
    mark = f"{database}, {count:,} plugins"
    with make_registry(database) as registry:
        started = time.perf_counter()
        registry.manage("make_catalogue", str(count))
        report(f"make the catalogue ({mark})", time.perf_counter() - started, "s")
        started = time.perf_counter()
        registry.start()
        wait_for_search(registry)
        report(f"start and build the search index ({mark})", time.perf_counter() - started, "s")
        yield registry, mark


def main() -> None:
    parser = read_arguments(__doc__)
    parser.add_argument("--plugins", type=int, default=100_000)
    options = parser.parse_args()
    for database in find_databases(options.database):
        for registry, mark in make_filled(database, options.plugins):
            names = list_names(registry)
            measure_plugins(registry, names, mark)
            measure_lists(registry, mark)
            measure_pages(registry, names, mark)


if __name__ == "__main__":
    main()
