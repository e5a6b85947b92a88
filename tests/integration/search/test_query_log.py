"""Counts of searches: kept in memory, written periodically, limited in number."""

from __future__ import annotations

import datetime as dt
import os
import sys
import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from marketplace.models import SearchTerm
from marketplace.search import indexer, query_log, service
from marketplace.search.query import SearchQuery
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _plugins(module_publisher: Publisher) -> None:
    """Two plugins."""
    publish = module_publisher.publish
    publish("@acme/slack-bridge", kind="bridge", provides=["bidirectional"])
    publish("slack-archive")


@pytest.fixture
def catalog(_plugins: None, db: None) -> None:
    """Two indexed plugins."""
    indexer.index_changes()


def test_searches_are_recorded_anonymously(catalog: None) -> None:
    service.search_plugins(SearchQuery("Slack "))
    service.search_plugins(SearchQuery("slack"))
    service.search_plugins(SearchQuery("slack", page=2))
    service.search_plugins(SearchQuery("slack", filters={"type": "bridge"}, is_verified=False))
    service.search_plugins(SearchQuery("quaternions"))
    service.search_plugins(SearchQuery("slack"), is_recorded=False)
    service.search_plugins(SearchQuery())
    query_log.record_click(SearchQuery("slack"), 3)
    query_log.record_click(SearchQuery("slack"), 1)
    assert query_log.flush_searches() == 3
    rows = {(t.term, t.filters): t for t in SearchTerm.objects.all()}
    plain = rows["slack", ""]
    assert (plain.searches, plain.failed, plain.results) == (2, 0, 2)
    assert (plain.clicks, plain.mean_rank) == (2, 2.0)
    assert rows["slack", "type=bridge verified=false"].results == 1
    assert rows["quaternions", ""].failed == 1
    assert {f.name for f in SearchTerm._meta.get_fields()}.isdisjoint({"user", "address", "token"})


def test_partial_results_count_as_not_found(catalog: None) -> None:
    results = service.search_plugins(SearchQuery("slack quaternions"))
    assert results.is_partial
    query_log.flush_searches()
    assert SearchTerm.objects.get().failed == 1


def test_a_forked_process_leaves_the_counts_to_its_parent(db: None) -> None:
    query_log.record_search(SearchQuery("slack"), 1)
    child = os.fork()
    if child == 0:
        # The test's transaction is the parent's: the child must not reach the database.
        exit_code = 1
        try:
            exit_code = 0 if query_log.flush_searches() == 0 else 1
        finally:
            os._exit(exit_code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert query_log.flush_searches() == 1


def test_random_terms_do_not_fill_the_table(catalog: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_log, "MAX_PENDING_TERMS", 5)
    for number in range(20):
        query_log.record_search(SearchQuery(f"term {number}"), 0)
    query_log.record_search(SearchQuery("term 0"), 0)
    assert query_log.flush_searches() == 5
    assert SearchTerm.objects.get(term="term 0").searches == 2


def test_operators_see_popular_and_missed_terms(catalog: None, capsys: Any) -> None:
    for text in ("slack", "slack", "quaternions", "\x1b[31mred"):
        service.search_plugins(SearchQuery(text))
    query_log.flush_searches()
    call_command("search", "popular")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["2", "0", "0", "-", "slack"]
    assert "\x1b" not in "".join(lines)
    call_command("search", "missed")
    out = capsys.readouterr().out
    assert "quaternions" in out
    assert "slack" not in out


def test_the_admin_shows_terms_to_staff(catalog: None, moderator: User, client: Any) -> None:
    service.search_plugins(SearchQuery("quaternions"))
    query_log.flush_searches()
    client.force_login(moderator)
    response = client.get("/admin/marketplace/searchterm/")
    assert response.status_code == 200
    assert b"quaternions" in response.content
    assert client.get("/admin/marketplace/searchterm/add/").status_code == 403


def test_old_terms_are_deleted(catalog: None) -> None:
    service.search_plugins(SearchQuery("slack"))
    query_log.flush_searches()
    assert query_log.delete_old_terms() == 0
    SearchTerm.objects.update(day=dt.date(2020, 1, 1))
    assert query_log.delete_old_terms() == 1


def test_terms_seen_once_are_deleted_sooner(db: None) -> None:
    for text in ("twice", "twice", "once", "chosen"):
        query_log.record_search(SearchQuery(text), 1)
    query_log.record_click(SearchQuery("chosen"), 1)
    query_log.flush_searches()
    today = timezone.now().date()
    SearchTerm.objects.update(day=today - dt.timedelta(days=query_log.SINGLE_SEARCH_RETENTION_DAYS))
    assert query_log.delete_old_terms() == 0
    SearchTerm.objects.update(
        day=today - dt.timedelta(days=query_log.SINGLE_SEARCH_RETENTION_DAYS + 1)
    )
    assert query_log.delete_old_terms() == 1
    assert set(SearchTerm.objects.values_list("term", flat=True)) == {"twice", "chosen"}


def test_a_day_takes_so_many_terms(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    """Over all processes. Known terms still count; of the new ones, the most frequent."""
    monkeypatch.setattr(query_log, "MAX_TERMS_PER_DAY", 3)
    today = timezone.now().date()
    SearchTerm.objects.create(day=today, term="known", searches=1)
    SearchTerm.objects.create(day=today - dt.timedelta(days=1), term="yesterday", searches=1)
    for number in range(20):
        query_log.record_search(SearchQuery(f"invented {number}"), 0)
    for text in ("known", "meant", "meant", "known"):
        query_log.record_search(SearchQuery(text), 1)
    assert query_log.flush_searches() == 3
    rows = dict(SearchTerm.objects.filter(day=today).values_list("term", "searches"))
    assert len(rows) == 3
    assert (rows["known"], rows["meant"]) == (3, 2)
    query_log.record_search(SearchQuery("too late"), 0)
    query_log.record_search(SearchQuery("known", filters={"type": "bridge"}), 0)
    query_log.record_search(SearchQuery("known"), 0)
    with django_assert_max_num_queries(5):  # including two of the transaction
        assert query_log.flush_searches() == 1
    rows = dict(SearchTerm.objects.filter(day=today).values_list("term", "searches"))
    assert (len(rows), rows["known"]) == (3, 4)


def test_no_count_is_lost_while_others_are_written() -> None:
    """Threads count while a flush takes the earlier counts."""
    switched = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    query, times = SearchQuery("slack"), 2000

    def count() -> None:
        for _ in range(times):
            query_log.record_search(query, 1)
            query_log.record_click(query, 2)

    threads = [threading.Thread(target=count) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            query_log.flush_searches()
    finally:
        sys.setswitchinterval(switched)
        for thread in threads:
            thread.join()
    query_log.flush_searches()
    row = SearchTerm.objects.get()
    assert (row.searches, row.clicks, row.rank_sum) == (8000, 8000, 16000)
