"""What the gateway answers from its cache is counted like other answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from common.gateway_protocol import RECORD_HEADER, RECORDS_PATH
from marketplace.models import SearchTerm
from marketplace.search.query_log import flush_searches
from registry.downloads.counts import flush_downloads
from registry.downloads.gateway_records import build_download_record
from registry.models import DownloadCount
from tests.functional.caching.world import World

pytestmark = pytest.mark.usefixtures("_behind_gateway")


def send(client: Client, *records: object) -> Any:
    body = json.dumps({"records": records})
    return client.post(RECORDS_PATH, body, content_type="application/json")


@pytest.mark.parametrize(
    ("path", "results"),
    [
        ("/search?q=Chat%20&tag=talk", 1),
        ("/api/v1/plugins?q=chat&tag=talk", 1),
        ("/search?q=n%C3%B6thing%26%2B%3A&type=service&verified=false", 0),
    ],
)
def test_a_repeated_search_counts_like_the_first(client: Client, path: str, results: int) -> None:
    record = client.get(path).headers[RECORD_HEADER]
    assert record.isascii()
    flush_searches()
    first = SearchTerm.objects.get()
    assert (first.searches, first.results, first.failed) == (1, results, int(not results))
    response = send(client, [record, "192.0.2.1", 5], [record, "192.0.2.2", 1])
    assert response.status_code == 204
    flush_searches()
    again = SearchTerm.objects.get()
    assert (again.term, again.filters) == (first.term, first.filters)
    assert (again.searches, again.results, again.failed) == (7, results, 7 * (not results))


def test_a_search_with_the_longest_words_and_filters(client: Client) -> None:
    query = {"q": "ü" * 200, **dict.fromkeys(("author", "tag", "license"), "ß" * 200)}
    record = client.get("/search", query).headers[RECORD_HEADER]
    assert len(record) < 4096
    send(client, [record, "192.0.2.1", 1])
    flush_searches()
    assert SearchTerm.objects.get().searches == 2


def test_downloads_count_once_for_each_client(world: World, client: Client) -> None:
    record = build_download_record(world.get_release().pk, 1000)
    send(client, [record, "192.0.2.1", 3], [record, "192.0.2.2", 1])
    assert flush_downloads() == 2
    assert DownloadCount.objects.get().count == 2


@pytest.mark.parametrize(
    "record",
    [
        "",
        "search",
        "search:",
        "search:q=a",
        "search:q=a&in=&results=many",
        "search:q=A++a&in=&results=1",
        f"search:q=a&in={'x' * 300}&results=1",
        "download:x:1",
        "other:1",
    ],
)
def test_records_of_another_form_are_left_out(client: Client, record: str) -> None:
    known = "search:q=known&in=&results=1"
    assert send(client, [record, "c", 1], [known, "c", 2]).status_code == 204
    flush_searches()
    assert list(SearchTerm.objects.values_list("term", "searches")) == [("known", 2)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"records": 1}',
        b'{"records": [["search:q=a&in=&results=1", "c"]]}',
        b'{"records": [["search:q=a&in=&results=1", "c", 0]]}',
        b'{"records": [["search:q=a&in=&results=1", "c", -1]]}',
        b'{"records": [["search:q=a&in=&results=1", "c", true]]}',
        b'{"records": [["search:q=a&in=&results=1", null, 1]]}',
    ],
)
def test_other_bodies_are_refused(client: Client, body: bytes) -> None:
    response = client.post(RECORDS_PATH, body, content_type="application/json")
    assert response.status_code == 400
    assert flush_searches() == 0


def test_a_body_over_the_limit_is_refused(client: Client, settings: Any) -> None:
    body = b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    response = client.post(RECORDS_PATH, body, content_type="application/json")
    assert response.status_code == 413


def test_only_the_gateway_can_send_records(client: Client, settings: Any) -> None:
    assert client.get(RECORDS_PATH).status_code == 404
    settings.BEHIND_GATEWAY = False
    assert send(client, ["search:q=a&in=&results=1", "c", 1]).status_code == 404
    assert flush_searches() == 0


def test_records_need_no_session_no_quota_and_no_query(
    client: Client, settings: Any, django_assert_num_queries: Any
) -> None:
    limits = dict.fromkeys(("read", "write", "page"), "1/day")
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, **limits}
    client.handler.enforce_csrf_checks = True
    with django_assert_num_queries(0):
        for _ in range(3):
            response = send(client, ["search:q=a&in=&results=1", "c", 1])
            assert response.status_code == 204
            assert not response.cookies
            assert not [name for name in response.headers if name.startswith("RateLimit")]
