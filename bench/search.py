"""Relevance and speed of the search with both engines. Run: `python -m bench.search`.

Relevance: the judged queries of `judged_queries.yaml` through the API, over the demo catalog and
all plugins that can be imported from the real marketplaces of the test data. NDCG@10 with gains
2^grade - 1; success@1 is the share of queries whose first result has the best grade.
Speed: whole requests to the API and the search page over HTTP, with a generated catalog, two web
processes, one connection and four. Each connection sends each request once.

Meilisearch is measured if `MEILI_URL` (and `MEILI_KEY`) name a server that responds.
"""

from __future__ import annotations

import fnmatch
import json
import math
import os
import random
import re
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import yaml

from bench.load import measure
from bench.publish import build_package
from bench.reads import FILTERS, SORTS, fetch_json, wait_for_search
from bench.report import report, skip
from bench.running import ROOT, Registry, build_parser, create_registry, list_databases

DATA = Path(os.environ.get("PLUGPORT_TEST_DATA", ROOT.parent / "shared" / "data"))
JUDGED_QUERIES = Path(__file__).with_name("judged_queries.yaml")
_RANK_DEPTH = 10
_NEW_PLUGINS = 10


def find_meilisearch() -> dict[str, str] | None:
    """Return the settings of the Meilisearch server at `MEILI_URL`; None if it does not respond."""
    url, key = os.environ.get("MEILI_URL", ""), os.environ.get("MEILI_KEY", "")
    if not url:
        return None
    try:
        urllib.request.urlopen(f"{url}/health", timeout=5).close()
    except (urllib.error.URLError, OSError) as error:
        skip("meilisearch", f"no server answers at MEILI_URL: {error}")
        return None
    # A random name, so that other indexes of the server are not touched.
    index = f"bench-{secrets.token_hex(4)}"
    return {
        "PLUGPORT_MEILI_URL": url,
        "PLUGPORT_MEILI_KEY": key,
        "PLUGPORT_MEILI_INDEX": index,
    }


def list_engines() -> dict[str, dict[str, str]]:
    """Return the engines to measure with their settings."""
    engines: dict[str, dict[str, str]] = {"embedded": {}}
    if meilisearch := find_meilisearch():
        engines["meilisearch"] = meilisearch
    elif not os.environ.get("MEILI_URL"):
        skip("meilisearch", "MEILI_URL names no server")
    return engines


@contextmanager
def serve(registry: Registry, variables: Mapping[str, str]) -> Iterator[float]:
    """Rebuild the index with that engine and serve; yield the duration of the rebuild in seconds."""
    registry.environment |= variables
    output = registry.manage("search", "rebuild")
    seconds = re.search(r"in ([\d.]+) s", output)
    registry.start()
    try:
        wait_for_search(registry)
        yield float(seconds[1]) if seconds else math.nan
    finally:
        registry.stop()
        for name in variables:
            del registry.environment[name]
        delete_index(variables)


def delete_index(variables: Mapping[str, str]) -> None:
    """Delete our indexes from the Meilisearch server."""
    if not variables:
        return
    name = variables["PLUGPORT_MEILI_INDEX"]
    headers = {"Authorization": f"Bearer {variables['PLUGPORT_MEILI_KEY']}"}
    with httpx.Client(base_url=variables["PLUGPORT_MEILI_URL"], headers=headers) as client:
        for index in client.get("/indexes", params={"limit": 1000}).json()["results"]:
            if index["uid"].startswith(name):
                client.delete(f"/indexes/{index['uid']}")


# ---- relevance -----------------------------------------------------------------------------------


def import_catalogs(registry: Registry) -> None:
    """Publish the demo and import the marketplaces."""
    registry.manage("load_demo")
    for folder in sorted((DATA / "marketplaces").iterdir()):
        if folder.is_dir():
            scope = folder.name.partition("__")[0].lower()
            arguments = (str(folder), "--scope", scope, "--owner", "admin")
            # 1: some entries were refused, because their files are not in the data.
            registry.manage("import_marketplace", *arguments, allowed_codes=(0, 1))


def list_all_names(registry: Registry) -> list[str]:
    names: list[str] = []
    page = 1
    while True:
        answer = fetch_json(f"{registry.url}/api/v1/plugins?limit=100&sort=name&page={page}")
        names += [plugin["name"] for plugin in answer["plugins"]]
        if not answer["pagination"]["hasMore"]:
            return names
        page += 1


def get_grade(name: str, judgments: Mapping[str, int]) -> int:
    """Return the grade of a plugin for a query: that of the first matching pattern, or 0."""
    for pattern, grade in judgments.items():
        if fnmatch.fnmatchcase(name, pattern):
            return grade
    return 0


def compute_gain(grades: list[int]) -> float:
    """Return the discounted cumulative gain (DCG) of the first results."""
    return sum((2.0**g - 1) / math.log2(rank + 2) for rank, g in enumerate(grades[:_RANK_DEPTH]))


def measure_relevance(registry: Registry, engine: str) -> None:
    """Run every judged query and report the quality of the results."""
    queries: list[dict[str, Any]] = yaml.safe_load(JUDGED_QUERIES.read_text())["queries"]
    names = list_all_names(registry)
    gains: dict[str, list[float]] = {}
    hits: dict[str, list[bool]] = {}
    for query in queries:
        best = sorted((get_grade(name, query["want"]) for name in names), reverse=True)
        answer = fetch_json(
            f"{registry.url}/api/v1/plugins?{urlencode({'q': query['q'], 'limit': _RANK_DEPTH})}"
        )
        if answer["degraded"]:
            raise SystemExit(f"{engine} did not answer {query['q']!r}")
        grades = [get_grade(plugin["name"], query["want"]) for plugin in answer["plugins"]]
        gains.setdefault(query["kind"], []).append(compute_gain(grades) / compute_gain(best))
        hits.setdefault(query["kind"], []).append(grades[:1] == best[:1])
    for kind, values in gains.items():
        report(f"{engine}: NDCG@10, {len(values)} {kind}", _mean(values), "of 1")
        report(f"{engine}: success@1, {len(values)} {kind}", _mean(hits[kind]), "of 1")
    every = [gain for kind in gains.values() for gain in kind]
    firsts = [hit for kind in hits.values() for hit in kind]
    title = f"{len(queries)} queries over {len(names)} plugins"
    report(f"{engine}: NDCG@10, {title}", _mean(every), "of 1", minimum=0.9)
    report(f"{engine}: success@1, {title}", _mean(firsts), "of 1", minimum=0.9)


def _mean(values: list[float] | list[bool]) -> float:
    return sum(values) / len(values)


# ---- speed ---------------------------------------------------------------------------------------


def build_queries(names: list[str], count: int) -> dict[str, list[str]]:
    """Build distinct queries of each kind from existing names."""
    chance = random.Random(1)
    texts: dict[str, set[str]] = {"words": set(), "typing errors": set(), "beginnings": set()}
    while min(map(len, texts.values())) < count:
        words = chance.choice(names).rpartition("/")[2].split("-")
        texts["words"].add(
            " ".join(chance.sample(words, min(len(words), chance.choice((1, 2, 2)))))
        )
        word = max(words, key=len)
        i = chance.randrange(1, max(2, len(word) - 1))
        wrong = word[:i] + word[i + 1 : i + 2] + word[i] + word[i + 2 :]
        texts["typing errors"].add(" ".join([wrong, *words[:1]]))
        texts["beginnings"].add("-".join(words)[: chance.randint(2, 12)])
    return {kind: sorted(queries)[:count] for kind, queries in texts.items()}


def measure_speed(registry: Registry, mark: str) -> None:
    """Measure the API, suggestions, the page, and the delay until a published plugin is found."""
    texts = build_queries(list_recent_names(registry), 400)
    searches = {kind: [{"q": text} for text in queries] for kind, queries in texts.items()}
    searches["two filters"] = [
        {"q": text, "type": "bridge", "trust": "community"} for text in texts["words"]
    ]
    for kind, queries in searches.items():
        _report_latency(registry, "/api/v1/plugins", queries, f"{mark}: search, {kind}", 35)
    lists = [{**chosen, "sort": order} for chosen in FILTERS for order in SORTS]
    _report_latency(registry, "/api/v1/plugins", lists, f"{mark}: lists without words", 40)
    beginnings = searches["beginnings"]
    _report_latency(registry, "/api/v1/suggest", beginnings, f"{mark}: suggest", 15)
    for kind in ("words", "typing errors", "two filters"):
        _report_latency(registry, "/search", searches[kind], f"{mark}: search page, {kind}", 60)
    measure_indexing_delay(registry, mark)


def _report_latency(
    registry: Registry, path: str, queries: Sequence[Mapping[str, str]], name: str, maximum: float
) -> None:
    paths = [f"{path}?{urlencode(query)}" for query in queries]
    for connections in (1, 4):
        figures = measure(registry.url, paths, connections=connections, count=len(paths))
        if figures.failures:
            raise SystemExit(f"{name}: {figures.failures} requests failed")
        label = f"{connections} connection{'s' * (connections > 1)}"
        report(f"{name}: p50, {label}", figures.p50_ms, "ms")
        report(f"{name}: p95, {label}", figures.p95_ms, "ms", maximum=maximum)


def list_recent_names(registry: Registry) -> list[str]:
    names: list[str] = []
    for page in range(1, 21):
        answer = fetch_json(f"{registry.url}/api/v1/plugins?limit=100&page={page}&sort=recent")
        names += [plugin["name"] for plugin in answer["plugins"]]
    return names


def measure_indexing_delay(registry: Registry, mark: str) -> None:
    """Measure the slowest delay from publication until the search finds the plugin."""
    token = registry.create_token("newsagent")
    slowest = 0.0
    with httpx.Client(
        base_url=registry.url, headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        for _ in range(_NEW_PLUGINS):
            word = f"zq{secrets.token_hex(4)}"
            package = {
                "package": (
                    "x.tgz",
                    build_package(f"@newsagent/{word}", "1.0.0", 0),
                    "application/gzip",
                )
            }
            answer = client.post("/api/v1/plugins", params={"wait": 50}, files=package)
            if answer.json().get("state") != "published":
                raise SystemExit(f"not published: {json.dumps(answer.json())[:500]}")
            started = time.perf_counter()
            while not client.get("/api/v1/plugins", params={"q": word}).json()["plugins"]:
                if time.perf_counter() - started > 60:
                    raise SystemExit("a published plugin is not found")
                time.sleep(0.01)
            slowest = max(slowest, time.perf_counter() - started)
    report(f"{mark}: published until found, slowest of {_NEW_PLUGINS}", slowest, "s", maximum=2)


def main() -> None:
    parser = build_parser(__doc__)
    parser.add_argument(
        "--plugins", type=int, default=100_000, help="size of the generated catalog"
    )
    options = parser.parse_args()
    databases = list_databases(options.database)
    if not databases:
        return
    engines = list_engines()
    with create_registry(databases[0]) as registry:
        if (DATA / "marketplaces").is_dir():
            import_catalogs(registry)
            for engine, variables in engines.items():
                with serve(registry, variables):
                    measure_relevance(registry, engine)
        else:
            skip("relevance", f"there is no {DATA.name}/marketplaces")
    for database in databases if options.plugins else ():
        with create_registry(database) as registry:
            registry.manage("make_catalogue", str(options.plugins))
            for engine, variables in engines.items():
                with serve(registry, variables) as seconds:
                    mark = f"{engine}, {database}"
                    name = f"{mark}: indexing {options.plugins:,} plugins from nothing"
                    report(name, seconds, "s", maximum=60)
                    measure_speed(registry, mark)


if __name__ == "__main__":
    main()
