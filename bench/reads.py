"""Measure reads of a generated catalog of 100,000 plugins: single plugins, lists, pages.

Single plugins are requested by four connections at once. Lists and pages are requested one after
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

from bench.load import Connection, LoadResult, measure, summarize
from bench.report import report
from bench.running import Registry, build_parser, create_registry, list_databases

_NAME_COUNT = 2000
_LOOKS, _STEP = 40, 7
# From values that nearly all plugins have to values that few plugins have.
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


def build_list_paths() -> list[str]:
    """Return paths of lists without search words: every filter, order and page depth."""
    combinations = itertools.product(FILTERS, SORTS, _PAGES)
    return [
        _build_path({**chosen, "sort": order, "page": str(page)})
        for chosen, order, page in combinations
    ]


def build_search_paths() -> list[str]:
    """Return paths of lists with search words, with and without filters."""
    filters = [{}, {"type": "toolset"}, {"tag": "mail", "license": "MIT"}]
    combinations = itertools.product(_WORDS, filters, SORTS, (1, 3))
    return [
        _build_path({"q": text, **chosen, "sort": order, "page": str(page)})
        for text, chosen, order, page in combinations
    ]


def _build_path(query: dict[str, str]) -> str:
    return f"/api/v1/plugins?{urlencode(query)}"


def request_each(url: str, paths: list[str]) -> LoadResult:
    """Request every path once, in random order, on one connection."""
    ordered = random.Random(1).sample(paths, len(paths))
    connection = Connection(url)
    times, failures = [], 0
    begun = time.perf_counter()
    for path in ordered:
        started = time.perf_counter()
        status, _ = connection.get(path)
        times.append(time.perf_counter() - started)
        failures += status != 200
    return summarize(times, time.perf_counter() - begun, failures)


def fetch_json(url: str) -> Any:
    """Return the JSON document at the URL."""
    with urllib.request.urlopen(url, timeout=120) as answer:
        return json.load(answer)


def list_names(registry: Registry) -> list[str]:
    """Return names of popular and unpopular plugins."""
    names: list[str] = []
    for page in range(1, _NAME_COUNT // 100 + 1):
        listing = fetch_json(f"{registry.url}/api/v1/plugins?limit=100&page={page}&sort=name")
        names += [plugin["name"] for plugin in listing["plugins"]]
    return names


def wait_for_search(registry: Registry) -> None:
    """Wait until the search index is complete, so that its build is not measured."""
    while True:
        listing = fetch_json(f"{registry.url}/api/v1/plugins?limit=1")
        if (
            not listing["degraded"]
            and sum(listing["facets"]["type"].values()) == listing["pagination"]["total"]
        ):
            return
        time.sleep(0.5)


def measure_plugins(registry: Registry, names: list[str], mark: str) -> None:
    """Measure single plugins with two web processes and four connections."""
    paths = [f"/api/v1/plugins/{quote(name, safe='@/')}" for name in names]
    figures = measure(registry.url, paths, connections=4, count=1500)
    _check_failures(figures, "plugins")
    report(f"one plugin: rate ({mark})", figures.requests_per_second, "requests/s", minimum=800)
    report(f"one plugin: p50 ({mark})", figures.p50_ms, "ms")
    report(f"one plugin: p95 ({mark})", figures.p95_ms, "ms", maximum=15)


def measure_lists(registry: Registry, mark: str) -> None:
    """Measure lists and searches, each requested once."""
    groups = {"lists without words": build_list_paths(), "lists with words": build_search_paths()}
    for name, paths in groups.items():
        figures = request_each(registry.url, paths)
        _check_failures(figures, name)
        report(f"{len(paths)} {name}: p50 ({mark})", figures.p50_ms, "ms")
        report(f"{len(paths)} {name}: p95 ({mark})", figures.p95_ms, "ms", maximum=40)
        report(f"{len(paths)} {name}: slowest ({mark})", figures.max_ms, "ms")


def measure_pages(registry: Registry, names: list[str], mark: str) -> None:
    """Measure the time to the first byte of pages; each URL is requested once."""
    lists = build_list_paths() + build_search_paths()
    pages = {
        "home": ["/"] * _LOOKS,
        "search": [path.replace("/api/v1/plugins", "/search") for path in lists[::_STEP]],
        "plugin": [f"/plugins/{quote(name, safe='@/')}" for name in names[::_STEP]],
        "categories": ["/categories"] * _LOOKS,
    }
    for shown, paths in pages.items():
        figures = request_each(registry.url, paths)
        _check_failures(figures, shown)
        report(f"page {shown}: first byte, p50 ({mark})", figures.p50_ms, "ms")
        report(f"page {shown}: first byte, p95 ({mark})", figures.p95_ms, "ms", maximum=50)


def _check_failures(figures: LoadResult, what: str) -> None:
    if figures.failures:
        raise SystemExit(f"{figures.failures} requests for {what} failed")


def run_filled_registry(database: str, count: int) -> Iterator[tuple[Registry, str]]:
    """Run a registry with that many plugins; yield it with the label of its results."""
    mark = f"{database}, {count:,} plugins"
    with create_registry(database) as registry:
        started = time.perf_counter()
        registry.manage("make_catalogue", str(count))
        report(f"make the catalog ({mark})", time.perf_counter() - started, "s")
        started = time.perf_counter()
        registry.start()
        wait_for_search(registry)
        report(f"start and build the search index ({mark})", time.perf_counter() - started, "s")
        yield registry, mark


def main() -> None:
    parser = build_parser(__doc__)
    parser.add_argument("--plugins", type=int, default=100_000)
    options = parser.parse_args()
    for database in list_databases(options.database):
        for registry, mark in run_filled_registry(database, options.plugins):
            names = list_names(registry)
            measure_plugins(registry, names, mark)
            measure_lists(registry, mark)
            measure_pages(registry, names, mark)


if __name__ == "__main__":
    main()
