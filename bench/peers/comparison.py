"""What is compared: requests to this registry, to its peers and to bare applications, as ratios."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from bench.load import Connection, LoadResult, summarize
from bench.peers.bare import METADATA_PATH, PACKAGE_PATH
from bench.peers.generators import Generator, LoadError, Target, fetch
from bench.peers.servers import build_npm_path
from bench.report import report, report_unmeasured
from bench.running import Registry

MB = 1_000_000
OURS, VERDACCIO, BARE, NGINX = "plugport", "verdaccio", "bare ASGI (uvloop)", "plugport, nginx"
BARE_ASYNCIO = "bare ASGI (asyncio)"
_BROWSER = {"Accept": "text/html", "Accept-Encoding": "gzip, deflate, br, zstd"}


@dataclass
class Comparison:
    """The servers that run, and the reasons why others do not."""

    load: Generator
    registry: Registry
    urls: dict[str, str]
    reasons: dict[str, str]
    # The number of figures that could not be measured.
    unmeasured: int = field(default=0)

    def compare(
        self,
        title: str,
        targets: Mapping[str, Target],
        *,
        connections: int,
        minimums: Mapping[tuple[str, str], float],
    ) -> None:
        """Report the rate and the size of each target, and the ratio of each pair of `minimums`."""
        running = {name: target for name, target in targets.items() if target.url}
        title = f"{title}, {connections} connections ({self.registry.database})"
        try:
            sizes = {name: len(fetch(target)[1]) for name, target in running.items()}
            figures = self.load.measure_each(running, connections=connections)
        except LoadError as error:
            self.report_missing(title, str(error))
            return
        for name in targets:
            if name in figures:
                label = f"{title}: {name}, {sizes[name]:,} bytes"
                report(label, figures[name].rate, "requests/s")
            else:
                self.report_missing(f"{title}: {name}", self.reasons.get(name, "not started"))
        for pair, minimum in minimums.items():
            label = f"{title}: {pair[0]} / {pair[1]}"
            if missing := [name for name in pair if name not in figures]:
                self.report_missing(label, self.reasons.get(missing[0], "not started"))
                continue
            ratio = figures[pair[0]].divide_by(figures[pair[1]])
            report(label, ratio, "times", minimum=minimum)

    def report_missing(self, name: str, reason: str) -> None:
        """Print that a figure is missing, and count it."""
        self.unmeasured += 1
        report_unmeasured(name, reason)

    def build_targets(self, paths: Mapping[str, list[str]]) -> dict[str, Target]:
        """Return a target for each server; the URL is empty if the server does not run."""
        return {name: Target(self.urls.get(name, ""), own) for name, own in paths.items()}


def build_api_path(name: str) -> str:
    """Return the path of a plugin's metadata in this registry."""
    return f"/api/v1/plugins/{quote(name, safe='@/')}"


def compare_metadata(bench: Comparison, name: str) -> None:
    """Compare the metadata of one plugin, and the answer to a client that already has it."""
    paths = {
        OURS: [build_api_path(name)],
        VERDACCIO: [build_npm_path(name)],
        BARE: [METADATA_PATH],
        BARE_ASYNCIO: [METADATA_PATH],
    }
    targets = bench.build_targets(paths)
    minimums = {(OURS, VERDACCIO): 5, (OURS, BARE): 0.5}
    bench.compare("metadata", targets, connections=64, minimums=minimums)
    del targets[BARE_ASYNCIO]
    unchanged = {}
    for label, target in targets.items():
        try:
            etag = fetch(target)[0].get("etag", "") if target.url else ""
        except LoadError as error:
            bench.report_missing(f"304 by ETag: {label} ({bench.registry.database})", str(error))
            continue
        unchanged[label] = Target(target.url, target.paths, {"If-None-Match": etag}, status=304)
    bench.compare("304 by ETag", unchanged, connections=64, minimums={(OURS, VERDACCIO): 4})


def compare_names(bench: Comparison, names: list[str]) -> None:
    """Compare the metadata of all plugins, requested as often as their rank suggests."""
    paths = {
        OURS: [build_api_path(name) for name in names],
        VERDACCIO: [build_npm_path(name) for name in names],
    }
    bench.compare(
        f"metadata of {len(names):,} plugins by Zipf's law",
        bench.build_targets(paths),
        connections=64,
        minimums={(OURS, VERDACCIO): 3},
    )


def compare_packages(bench: Comparison, ours: str, npm: str) -> None:
    """Compare the download of one package."""
    paths = {OURS: [ours], VERDACCIO: [npm], BARE: [PACKAGE_PATH]}
    minimums = {(OURS, VERDACCIO): 3.5, (OURS, BARE): 0.5}
    targets = bench.build_targets(paths)
    bench.compare("20 kB package", targets, connections=16, minimums=minimums)


def compare_packages_behind_nginx(bench: Comparison, sender: str, ours: str, npm: str) -> None:
    """Compare the download of one package through nginx; `sender` labels the results."""
    targets = bench.build_targets({NGINX: [ours], VERDACCIO: [npm]})
    minimums = {(NGINX, VERDACCIO): 8}
    title = f"20 kB package behind nginx, {sender}"
    bench.compare(title, targets, connections=16, minimums=minimums)


def measure_pages(bench: Comparison, name: str) -> None:
    """Measure the home page and the page of one plugin, as the browser of a visitor requests them."""
    for title, path in {"home": "/", "plugin page": f"/plugins/{quote(name, safe='@/')}"}.items():
        label = f"{title} as a visitor, 4 connections ({bench.registry.database})"
        target = Target(bench.registry.url, [path], _BROWSER)
        try:
            figures = bench.load.measure_each({OURS: target}, connections=4)[OURS]
        except LoadError as error:
            bench.report_missing(label, str(error))
            continue
        report(label, figures.rate, "requests/s", minimum=3000)
        report(f"{label}: p95", figures.p95_ms, "ms", maximum=10)


def measure_cold_pages(bench: Comparison, names: list[str], count: int) -> None:
    """Measure the pages of plugins that nobody requested since the start."""
    chosen = random.Random(10).sample(names, min(count, len(names)))
    title = f"first render of {len(chosen)} plugin pages, {len(names):,} plugins"
    title += f" ({bench.registry.database})"
    figures = _request_each(bench.registry.url, [f"/plugins/{quote(n, safe='@/')}" for n in chosen])
    if figures.failures:
        bench.report_missing(title, f"{figures.failures} requests failed")
        return
    report(f"{title}: p50", figures.p50_ms, "ms")
    report(f"{title}: p95", figures.p95_ms, "ms", maximum=60)


def _request_each(url: str, paths: list[str]) -> LoadResult:
    """Request every path once on one connection, which was used before."""
    connection = Connection(url)
    connection.get("/healthz")
    times, failures = [], 0
    begun = time.perf_counter()
    for path in paths:
        started = time.perf_counter()
        status, _ = connection.get(path)
        times.append(time.perf_counter() - started)
        failures += status != 200
    return summarize(times, time.perf_counter() - begun, failures)


def fill_caches(bench: Comparison, names: list[str], seconds: int) -> None:
    """Request the metadata and the pages of different plugins, for that time each."""
    url = bench.registry.url
    api = Target(url, [build_api_path(name) for name in names])
    pages = Target(url, [f"/plugins/{quote(name, safe='@/')}" for name in names], _BROWSER)
    for title, target in {"metadata": api, "plugin pages": pages}.items():
        label = f"fill the caches: {title} ({bench.registry.database})"
        try:
            count = bench.load.send_cycle(target, connections=16, seconds=seconds)
        except LoadError as error:
            bench.report_missing(label, str(error))
            continue
        report(label, count, "requests")


def measure_memory(bench: Comparison, plugin_count: int) -> None:
    """Report the memory of each process that serves requests."""
    for label, process in bench.registry.list_serving_processes().items():
        memory = process.memory_full_info()
        title = f"memory, {plugin_count:,} plugins, caches filled: {label}"
        title += f" ({bench.registry.database})"
        report(f"{title}, RSS", memory.rss / MB, "MB", maximum=300)
        report(f"{title}, PSS", memory.pss / MB, "MB")
