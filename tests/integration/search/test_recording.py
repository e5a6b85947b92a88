"""What people search for and do not find: counted in memory, written now and then, bounded."""

from __future__ import annotations

import datetime as dt
import sys
import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from marketplace.models import SearchTerm
from marketplace.search import indexer, recording, service
from marketplace.search.query import SearchQuery
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalogue(publisher: Publisher) -> None:
    """Two plugins, indexed."""
    publisher.publish("@acme/slack-bridge", kind="bridge", provides=["bidirectional"])
    publisher.publish("slack-archive")
    indexer.index_changes()


def test_searches_are_recorded_without_anybody(catalogue: None) -> None:
    service.find(SearchQuery("Slack "))
    service.find(SearchQuery("slack"))
    service.find(SearchQuery("slack", page=2))
    service.find(SearchQuery("slack", filters={"type": "bridge"}, is_verified=False))
    service.find(SearchQuery("quaternions"))
    service.find(SearchQuery("slack"), is_recorded=False)
    service.find(SearchQuery())
    recording.record_click(SearchQuery("slack"), 3)
    recording.record_click(SearchQuery("slack"), 1)
    assert recording.flush_searches() == 3
    rows = {(t.term, t.filters): t for t in SearchTerm.objects.all()}
    plain = rows["slack", ""]
    assert (plain.searches, plain.failed, plain.results) == (2, 0, 2)
    assert (plain.clicks, plain.mean_rank) == (2, 2.0)
    assert rows["slack", "type=bridge verified=false"].results == 1
    assert rows["quaternions", ""].failed == 1
    assert {f.name for f in SearchTerm._meta.get_fields()}.isdisjoint({"user", "address", "token"})


def test_partial_results_count_as_not_found(catalogue: None) -> None:
    found = service.find(SearchQuery("slack quaternions"))
    assert found.is_partial
    recording.flush_searches()
    assert SearchTerm.objects.get().failed == 1


def test_invented_terms_fill_no_table(catalogue: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_MOST_PENDING", 5)
    for number in range(20):
        recording.record_search(SearchQuery(f"term {number}"), 0)
    recording.record_search(SearchQuery("term 0"), 0)
    assert recording.flush_searches() == 5
    assert SearchTerm.objects.get(term="term 0").searches == 2


def test_operators_see_popular_and_missed_terms(catalogue: None, capsys: Any) -> None:
    for text in ("slack", "slack", "quaternions", "\x1b[31mred"):
        service.find(SearchQuery(text))
    recording.flush_searches()
    call_command("search", "popular")
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["2", "0", "0", "-", "slack"]
    assert "\x1b" not in "".join(lines)
    call_command("search", "missed")
    out = capsys.readouterr().out
    assert "quaternions" in out
    assert "slack" not in out


def test_the_admin_shows_terms_to_staff(catalogue: None, moderator: User, client: Any) -> None:
    service.find(SearchQuery("quaternions"))
    recording.flush_searches()
    client.force_login(moderator)
    answer = client.get("/admin/marketplace/searchterm/")
    assert answer.status_code == 200
    assert b"quaternions" in answer.content
    assert client.get("/admin/marketplace/searchterm/add/").status_code == 403


def test_old_terms_are_forgotten(catalogue: None) -> None:
    service.find(SearchQuery("slack"))
    recording.flush_searches()
    assert recording.forget_old() == 0
    SearchTerm.objects.update(day=dt.date(2020, 1, 1))
    assert recording.forget_old() == 1


def test_terms_seen_once_are_forgotten_sooner(db: None) -> None:
    for text in ("twice", "twice", "once", "chosen"):
        recording.record_search(SearchQuery(text), 1)
    recording.record_click(SearchQuery("chosen"), 1)
    recording.flush_searches()
    today = timezone.now().date()
    SearchTerm.objects.update(day=today - dt.timedelta(days=recording.KEPT_DAYS_ONCE))
    assert recording.forget_old() == 0
    SearchTerm.objects.update(day=today - dt.timedelta(days=recording.KEPT_DAYS_ONCE + 1))
    assert recording.forget_old() == 1
    assert set(SearchTerm.objects.values_list("term", flat=True)) == {"twice", "chosen"}


def test_a_day_takes_so_many_terms(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    """Whichever processes wrote them. What is known is still counted; of the new, the frequent."""
    monkeypatch.setattr(recording, "MOST_A_DAY", 3)
    today = timezone.now().date()
    SearchTerm.objects.create(day=today, term="known", searches=1)
    SearchTerm.objects.create(day=today - dt.timedelta(days=1), term="yesterday", searches=1)
    for number in range(20):
        recording.record_search(SearchQuery(f"invented {number}"), 0)
    for text in ("known", "meant", "meant", "known"):
        recording.record_search(SearchQuery(text), 1)
    assert recording.flush_searches() == 3
    rows = dict(SearchTerm.objects.filter(day=today).values_list("term", "searches"))
    assert len(rows) == 3
    assert (rows["known"], rows["meant"]) == (3, 2)
    recording.record_search(SearchQuery("too late"), 0)
    recording.record_search(SearchQuery("known", filters={"type": "bridge"}), 0)
    recording.record_search(SearchQuery("known"), 0)
    with django_assert_max_num_queries(5):  # two of them the transaction
        assert recording.flush_searches() == 1
    rows = dict(SearchTerm.objects.filter(day=today).values_list("term", "searches"))
    assert (len(rows), rows["known"]) == (3, 4)


def test_no_count_is_lost_while_others_are_written() -> None:
    """Threads count while the counts before theirs are taken away to be written."""
    switched = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    query, times = SearchQuery("slack"), 2000

    def count() -> None:
        for _ in range(times):
            recording.record_search(query, 1)
            recording.record_click(query, 2)

    threads = [threading.Thread(target=count) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            recording.flush_searches()
    finally:
        sys.setswitchinterval(switched)
        for thread in threads:
            thread.join()
    recording.flush_searches()
    row = SearchTerm.objects.get()
    assert (row.searches, row.clicks, row.rank_sum) == (8000, 8000, 16000)
