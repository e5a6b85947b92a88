"""Documents for the tests of search engines."""

from __future__ import annotations

import datetime as dt

from marketplace.search.bayesian_rating import compute_grade
from marketplace.search.document import SearchDocument, compute_quality

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def build_document(number: int, name: str, **values: object) -> SearchDocument:
    """A document with defaults; `votes` ratings have the mean `rating`."""
    scope, _, short = name.rpartition("/")
    fields: dict[str, object] = {
        "id": number,
        "name": name,
        "scope": scope.removeprefix("@"),
        "short_name": short,
        "title": "",
        "description": "",
        "kind": "service",
        "kind_title": "Service",
        "categories": (),
        "tags": (),
        "trust": "community",
        "license": "MIT",
        "dialect": "plugport",
        "registry": "plugport",
        "author": "Acme",
        "owners": ("acme",),
        "downloads": 0,
        "updated": 1_700_000_000_000 + number,
        **values,
    }
    rating, votes = float(str(fields.pop("rating", 0))), int(str(fields.pop("votes", 0)))
    grade = compute_grade(rating, votes)
    quality = compute_quality(
        trust=str(fields["trust"]),
        downloads=int(str(fields["downloads"])),
        grade=grade,
        updated_at=NOW,
    )
    return SearchDocument(**{"grade": grade, "quality": quality, **fields})  # type: ignore[arg-type] -- the values are of different types


CATALOG = [
    build_document(
        1,
        "@ar/slack-bridge",
        title="Slack for Agents",
        description="Carries messages to channels and threads.",
        kind="bridge",
        kind_title="Bridge",
        categories=("communication",),
        tags=("slack", "chat", "realtime"),
        trust="official",
        downloads=900,
        rating=4.5,
        votes=900,
        owners=("ada",),
        author="Agent Relay",
    ),
    build_document(
        2,
        "@ar/discord-bridge",
        description="Carries messages to Discord.",
        kind="bridge",
        kind_title="Bridge",
        categories=("communication",),
        tags=("discord", "chat"),
        trust="official",
        downloads=500,
    ),
    build_document(
        3,
        "postgres-storage",
        description="Keeps sessions in a database.",
        kind="storage",
        kind_title="Storage",
        categories=("storage", "data"),
        tags=("postgresql", "sql"),
        trust="verified",
        license="Apache-2.0",
        downloads=700,
        rating=5.0,
        votes=40,
    ),
    build_document(
        4,
        "feature-flags",
        title="Feature flags",
        description="Switches features on for some people.",
        categories=("development",),
        tags=("rollout",),
        dialect="cortex",
        downloads=50,
    ),
    build_document(
        5,
        "@grace/slack-archive",
        description="Keeps old conversations.",
        tags=("slack",),
        trust="experimental",
        license="GPL-3.0-only",
        author="Grace Hopper",
        downloads=20,
    ),
    build_document(
        6,
        "kubernetes-deploy",
        description="Rolls releases out to clusters.",
        categories=("operations",),
        tags=("k8s", "deployment"),
        downloads=10,
    ),
    build_document(7, "slacken", description="Loosens queues under load.", downloads=5),
    build_document(
        8, "mail-notes", description="Writes to slack, mail and pagers.", downloads=100_000
    ),
]
# Scripts without spaces between words.
RUNS = [
    build_document(
        1,
        "writer",
        description="エージェントのための文章を作成するツール。MCPサーバーの検索にも対応。文章作成。",
    ),
    build_document(2, "finder", title="検索ツール", description="黒猫のｶﾞｲﾄﾞと。猫。"),
    build_document(3, "chinese", description="中文搜索插件，支持全文搜索。𠮷野家。"),
    build_document(4, "korean", description="플러그인을 찾는 검색기입니다."),
]
IDS = {document.name: document.id for document in CATALOG}
