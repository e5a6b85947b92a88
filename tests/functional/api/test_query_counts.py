"""Every call costs a fixed number of SQL queries, regardless of the size of the catalog.

A number that grows with the data is a loop of queries; a number that changed is a reason to look.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registry.jobs.runner import run_pending_jobs
from registry.models import DownloadCount, Plugin, Release
from tests.functional.api.calls import Api
from tests.support.publishing import Publisher, build_package

# Reads with a token cost one more, for the token and its user. Its use is recorded every few minutes.
COUNTS = {
    # Without a search index the database lists and counts.
    "GET /plugins?limit=100": 5,
    "GET /plugins?q=plugin&tag=all&sort=downloads": 5,
    "GET /suggest?q=plug": 2,
    "GET /plugins/featured": 1,
    "GET /plugins/popular?limit=100": 1,
    "GET /plugins/recent": 1,
    # With what its publisher has proven.
    "GET /plugins/@acme/chat": 2,
    "GET /plugins/@acme/chat/versions": 2,
    "GET /plugins/@acme/chat/1.0.0": 3,
    "GET /plugins/@acme/chat/latest": 4,
    "GET /plugins/@acme/chat/1.0.0/readme": 2,
    "GET /plugins/@acme/chat/readme": 3,
    "GET /plugins/@acme/chat/1.0.0/diff": 3,
    "GET /plugins/@acme/chat/1.0.0/diff?from=1.0.0": 3,
    "GET /plugins/@acme/chat/1.0.0/download": 2,
    "HEAD /plugins/@acme/chat/1.0.0/download": 2,
    "GET /plugins/@acme/chat/latest/download": 3,
    "GET /plugins/@acme/chat/dependents?limit=100": 3,
    "GET /plugins/@acme/chat/stats": 3,
    "GET /plugins/@acme/chat/owners": 2,
    "GET /plugins/@acme/chat/9.9.9": 3,
    "GET /plugins/none": 1,
    "GET /owners/acme": 4,
    "GET /owners/none": 1,
    "GET /scopes/acme": 3,
    "GET /scopes/none": 1,
    "GET /categories": 1,
    "GET /tags": 1,
    "GET /instance": 0,
    "GET /openapi.json": 0,
    "GET /nothing": 0,
    "GET /me": 0,
}
SIGNED_IN = {
    "GET /me": 2,
    "GET /plugins/@acme/chat": 3,
    "GET /plugins/@acme/chat/owners": 5,
    "GET /me/invitations": 2,
    "GET /me/tokens": 2,
    "GET /publications/{id}": 6,
    "POST /plugins/@acme/chat/1.0.0/yank": 23,
    "POST /plugins/@acme/chat/1.0.0/unyank": 23,
    "POST /plugins/@acme/chat/1.0.0/deprecate": 23,
    "POST /plugins/@acme/chat/1.0.0/undeprecate": 23,
    "PATCH /plugins/@acme/chat": 28,
    "PUT /plugins/@acme/chat": 33,
    "POST /plugins": 24,
    "POST /plugins again": 10,
}
BODIES: dict[str, Any] = {
    "POST /plugins/@acme/chat/1.0.0/deprecate": {"message": "Old."},
    "PATCH /plugins/@acme/chat": {"tags": ["one", "two", "three"]},
    "PUT /plugins/@acme/chat": {"categories": ["one"], "tags": ["two"]},
}


def fill(publisher: Publisher, start: int, stop: int) -> None:
    """Create plugins with tags that depend on `@acme/chat`, and another release of it."""
    for number in range(start, stop):
        publisher.publish(
            f"plugin{number}",
            dependencies={"plugins": {"@acme/chat": "*"}},
            tags=["all", f"tag{number}"],
            categories=[f"category{number % 4}"],
        )
        if number % 3 == 0:
            release = publisher.publish("@acme/chat", f"1.{number + 1}.0", tag=f"t{number}")
            DownloadCount.objects.create(release=release, day=f"2026-01-{number + 1:02}", count=1)
    Plugin.objects.update(featured_at=timezone.now())


def measure(api: Api, author: Api, round_number: int) -> dict[str, int]:
    """Return the number of queries of each call in the tables above."""
    author.call("PUT", "/plugins/@acme/chat", {})
    counts = {}
    for call in COUNTS:
        # The first call also does what a process does once, such as opening the search index.
        count_queries(api, call)
        counts[call] = count_queries(api, call)
    public_id = Release.objects.get(plugin__name="@acme/chat", version="1.0.0").public_id
    for call in SIGNED_IN:
        if call.startswith("POST /plugins ") or call == "POST /plugins":
            package = build_package("@acme/chat", f"2.0.{round_number}", tags=["chat"])
            with CaptureQueriesContext(connection) as queries:
                assert author.publish(package).status_code == 202
            counts[f"{call} (token)"] = len(queries)
        else:
            counts[f"{call} (token)"] = count_queries(author, call.format(id=public_id), call)
    run_pending_jobs()
    return counts


def count_queries(caller: Api, call: str, key: str = "") -> int:
    method, _, path = call.partition(" ")
    with CaptureQueriesContext(connection) as queries:
        response = caller.call(method, path, BODIES.get(key))
        assert response.status_code in (200, 401, 404), (call, response.content)
        if method == "GET":
            response.getvalue()
    return len(queries)


@pytest.mark.django_db
def test_queries_do_not_grow_with_the_catalog(publisher: Publisher, api: Api, author: Api) -> None:
    for version in ("1.0.0", "1.99.0"):
        publisher.publish("@acme/chat", version, tags=["chat"])
    fill(publisher, 0, 3)
    small = measure(api, author, 1)
    fill(publisher, 3, 12)
    large = measure(api, author, 2)
    assert large == small
    assert small == COUNTS | {f"{call} (token)": count for call, count in SIGNED_IN.items()}
