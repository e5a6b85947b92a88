"""How well and how fast plugins are found, with both engines. Run: `python -m bench.search`.

Relevance: the judged queries of `judged_queries.yaml` over the demo catalogue and every plugin
that can be imported from the real marketplaces of the test data, asked through the API. NDCG@10
with gains 2^grade - 1; success@1 is the share of queries whose first result has the best grade.
Speed: an invented catalogue; whole requests to the API and the search page over HTTP, two web
processes, one connection and four; each is asked for once a connection.

Meilisearch is measured where `MEILI_URL` (and `MEILI_KEY`) name a server that answers.
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
from bench.publish import make_package
from bench.reads import FILTERS, SORTS, read_json, wait_for_search
from bench.report import report, skip
from bench.running import ROOT, Registry, find_databases, make_registry, read_arguments

DATA = Path(os.environ.get("PLUGPORT_TEST_DATA", ROOT.parent / "shared" / "data"))
JUDGED = Path(__file__).with_name("judged_queries.yaml")
_DEPTH = 10
_NEWS = 10


def find_meilisearch() -> dict[str, str]:
    """The variables of a Meilisearch server that answers; empty without one."""
    url, key = os.environ.get("MEILI_URL", ""), os.environ.get("MEILI_KEY", "")
    if not url:
        return {}
    try:
        urllib.request.urlopen(f"{url}/health", timeout=5).close()
    except (urllib.error.URLError, OSError) as error:
        skip("meilisearch", f"no server answers at MEILI_URL: {error}")
        return {}
    # An index of our own: whatever else is on that server is not touched.
    index = f"bench-{secrets.token_hex(4)}"
    return {
        "PLUGPORT_MEILI_URL": url,
        "PLUGPORT_MEILI_KEY": key,
        "PLUGPORT_MEILI_INDEX": index,
    }


def list_engines() -> dict[str, dict[str, str]]:
    """The engines to measure, each with its variables."""
    engines: dict[str, dict[str, str]] = {"embedded": {}}
    if meilisearch := find_meilisearch():
        engines["meilisearch"] = meilisearch
    elif not os.environ.get("MEILI_URL"):
        skip("meilisearch", "MEILI_URL names no server")
    return engines


@contextmanager
def serve(registry: Registry, variables: Mapping[str, str]) -> Iterator[float]:
    """Index with that engine and serve; gives the seconds that indexing took."""
    registry.environment |= variables
    printed = registry.manage("search", "rebuild")
    found = re.search(r"in ([\d.]+) s", printed)
    registry.start()
    try:
        wait_for_search(registry)
        yield float(found[1]) if found else math.nan
    finally:
        registry.stop()
        for name in variables:
            del registry.environment[name]
        remove_index(variables)


def remove_index(variables: Mapping[str, str]) -> None:
    """Take what we made off the Meilisearch server again."""
    if not variables:
        return
    name = variables["PLUGPORT_MEILI_INDEX"]
    headers = {"Authorization": f"Bearer {variables['PLUGPORT_MEILI_KEY']}"}
    with httpx.Client(base_url=variables["PLUGPORT_MEILI_URL"], headers=headers) as client:
        for index in client.get("/indexes", params={"limit": 1000}).json()["results"]:
            if index["uid"].startswith(name):
                client.delete(f"/indexes/{index['uid']}")


# ---- relevance -----------------------------------------------------------------------------------


def load_catalogues(registry: Registry) -> None:
    """Publish the demo and import the marketplaces."""
    registry.manage("load_demo")
    for folder in sorted((DATA / "marketplaces").iterdir()):
        if folder.is_dir():
            scope = folder.name.partition("__")[0].lower()
            registry.manage("import_marketplace", str(folder), "--scope", scope, "--owner", "admin")


def list_every_name(registry: Registry) -> list[str]:
    names: list[str] = []
    page = 1
    while True:
        found = read_json(f"{registry.url}/api/v1/plugins?limit=100&sort=name&page={page}")
        names += [plugin["name"] for plugin in found["plugins"]]
        if not found["pagination"]["hasMore"]:
            return names
        page += 1


def grade(name: str, want: Mapping[str, int]) -> int:
    """The grade of a plugin for a query: that of the first pattern that fits."""
    return next((g for pattern, g in want.items() if fnmatch.fnmatchcase(name, pattern)), 0)


def compute_gain(grades: list[int]) -> float:
    """Discounted cumulative gain of the first results."""
    return sum((2**g - 1) / math.log2(place + 2) for place, g in enumerate(grades[:_DEPTH]))


def judge(registry: Registry, engine: str) -> None:
    """Ask every judged query and report how good the answers are."""
    queries: list[dict[str, Any]] = yaml.safe_load(JUDGED.read_text())["queries"]
    names = list_every_name(registry)
    gains: dict[str, list[float]] = {}
    hits: dict[str, list[bool]] = {}
    for query in queries:
        best = sorted((grade(name, query["want"]) for name in names), reverse=True)
        answer = read_json(
            f"{registry.url}/api/v1/plugins?{urlencode({'q': query['q'], 'limit': _DEPTH})}"
        )
        if answer["degraded"]:
            raise SystemExit(f"{engine} did not answer {query['q']!r}")
        grades = [grade(plugin["name"], query["want"]) for plugin in answer["plugins"]]
        gains.setdefault(query["kind"], []).append(compute_gain(grades) / compute_gain(best))
        hits.setdefault(query["kind"], []).append(grades[:1] == best[:1])
    for kind, found in gains.items():
        report(f"{engine}: NDCG@10, {len(found)} {kind}", _mean(found), "of 1")
        report(f"{engine}: success@1, {len(found)} {kind}", _mean(hits[kind]), "of 1")
    every = [gain for kind in gains.values() for gain in kind]
    firsts = [hit for kind in hits.values() for hit in kind]
    title = f"{len(queries)} queries over {len(names)} plugins"
    report(f"{engine}: NDCG@10, {title}", _mean(every), "of 1", least=0.9)
    report(f"{engine}: success@1, {title}", _mean(firsts), "of 1", least=0.9)


def _mean(values: list[float] | list[bool]) -> float:
    return sum(values) / len(values)


# ---- speed ---------------------------------------------------------------------------------------


def make_queries(names: list[str], count: int) -> dict[str, list[str]]:
    """Different queries of each kind, made from names that are there."""
    chance = random.Random(1)
    texts: dict[str, set[str]] = {"words": set(), "typing errors": set(), "beginnings": set()}
    while min(map(len, texts.values())) < count:
        words = chance.choice(names).rpartition("/")[2].split("-")
        texts["words"].add(
            " ".join(chance.sample(words, min(len(words), chance.choice((1, 2, 2)))))
        )
        word = max(words, key=len)
        place = chance.randrange(1, max(2, len(word) - 1))
        wrong = word[:place] + word[place + 1 : place + 2] + word[place] + word[place + 2 :]
        texts["typing errors"].add(" ".join([wrong, *words[:1]]))
        texts["beginnings"].add("-".join(words)[: chance.randint(2, 12)])
    return {kind: sorted(found)[:count] for kind, found in texts.items()}


def measure_speed(registry: Registry, mark: str) -> None:
    """The API, suggestions, the page, and how soon a published plugin is found."""
    texts = make_queries(list_some_names(registry), 400)
    asked = {kind: [{"q": text} for text in found] for kind, found in texts.items()}
    asked["two filters"] = [
        {"q": text, "type": "bridge", "trust": "community"} for text in texts["words"]
    ]
    for kind, queries in asked.items():
        _report_latency(registry, "/api/v1/plugins", queries, f"{mark}: search, {kind}", 35)
    lists = [{**chosen, "sort": sort} for chosen in FILTERS for sort in SORTS]
    _report_latency(registry, "/api/v1/plugins", lists, f"{mark}: lists without words", 40)
    beginnings = asked["beginnings"]
    _report_latency(registry, "/api/v1/suggest", beginnings, f"{mark}: suggest", 15)
    for kind in ("words", "typing errors", "two filters"):
        _report_latency(registry, "/search", asked[kind], f"{mark}: search page, {kind}", 60)
    measure_news(registry, mark)


def _report_latency(
    registry: Registry, path: str, queries: Sequence[Mapping[str, str]], name: str, most: float
) -> None:
    paths = [f"{path}?{urlencode(query)}" for query in queries]
    for connections in (1, 4):
        figures = measure(registry.url, paths, connections=connections, count=len(paths))
        if figures.failures:
            raise SystemExit(f"{name}: {figures.failures} requests failed")
        asked = f"{connections} connection{'s' * (connections > 1)}"
        report(f"{name}: p50, {asked}", figures.p50_ms, "ms")
        report(f"{name}: p95, {asked}", figures.p95_ms, "ms", most=most)


def list_some_names(registry: Registry) -> list[str]:
    names: list[str] = []
    for page in range(1, 21):
        found = read_json(f"{registry.url}/api/v1/plugins?limit=100&page={page}&sort=recent")
        names += [plugin["name"] for plugin in found["plugins"]]
    return names


def measure_news(registry: Registry, mark: str) -> None:
    """From the end of the checks until the search finds the plugin, the slowest of a few."""
    token = registry.make_token("newsagent")
    slowest = 0.0
    with httpx.Client(
        base_url=registry.url, headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        for _ in range(_NEWS):
            word = f"zq{secrets.token_hex(4)}"
            package = {
                "package": (
                    "x.tgz",
                    make_package(f"@newsagent/{word}", "1.0.0", 0),
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
    report(f"{mark}: published until found, slowest of {_NEWS}", slowest, "s", most=2)


def main() -> None:
    parser = read_arguments(__doc__)
    parser.add_argument("--plugins", type=int, default=100_000, help="of the invented catalogue")
    options = parser.parse_args()
    databases = find_databases(options.database)
    if not databases:
        return
    engines = list_engines()
    with make_registry(databases[0]) as registry:
        if (DATA / "marketplaces").is_dir():
            load_catalogues(registry)
            for engine, variables in engines.items():
                with serve(registry, variables):
                    judge(registry, engine)
        else:
            skip("relevance", f"there is no {DATA.name}/marketplaces")
    for database in databases if options.plugins else ():
        with make_registry(database) as registry:
            registry.manage("make_catalogue", str(options.plugins))
            for engine, variables in engines.items():
                with serve(registry, variables) as seconds:
                    mark = f"{engine}, {database}"
                    name = f"{mark}: indexing {options.plugins:,} plugins from nothing"
                    report(name, seconds, "s", most=60)
                    measure_speed(registry, mark)


if __name__ == "__main__":
    main()
