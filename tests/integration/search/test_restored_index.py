"""An index or a database that was restored from a backup is noticed and repaired without a person."""

from __future__ import annotations

import copy
import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from marketplace.models import SearchCursor
from marketplace.search import comparison, cursor, indexer, service
from marketplace.search.engines import get_engine
from marketplace.search.errors import IndexBusyError
from marketplace.search.query import SearchQuery
from registry.actions.moderate_release import quarantine_release
from registry.downloads.counts import flush_downloads
from registry.models import Plugin
from tests.contract.search_documents import build_document
from tests.support.meilisearch_double import MeilisearchDouble
from tests.support.publishing import Publisher, record_downloads

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: Any) -> Path:
    return Path(settings.SEARCH_ENGINE["OPTIONS"]["path"])


@pytest.fixture
def restore(folder: Path, tmp_path: Path) -> Callable[[], None]:
    """Copy the folder of the index aside with its times; the result moves the copy back."""
    backup = tmp_path / "backup"
    shutil.copytree(folder, backup)

    def move_back() -> None:
        folder.rename(tmp_path / "newer")
        backup.rename(folder)

    return move_back


@pytest.fixture
def chat(publisher: Publisher) -> Plugin:
    """A plugin that is indexed before the backup."""
    plugin: Plugin = publisher.publish("@acme/chat", tags=["talk"]).plugin
    indexer.index_changes()
    return plugin


def find(text: str = "") -> list[str]:
    """The names that the engine finds; fails if it is not used."""
    results = service.search_plugins(SearchQuery(text, sort="name"))
    assert not results.is_degraded
    assert len(results.page.plugins) == results.page.total
    return [plugin.name for plugin in results.page.plugins]


def test_an_older_folder_is_completed(
    chat: Plugin,
    restore: Callable[[], None],
    publisher: Publisher,
    moderator: User,
    django_assert_num_queries: Any,
) -> None:
    publisher.publish("@acme/notes")
    release = chat.releases.get()
    quarantine_release(actor=moderator, release=release, reason="Odd.")
    indexer.index_changes()
    assert find() == ["@acme/notes"]
    restore()
    # Nothing withdrawn shows, though the index has it. The newer plugin is missing for a moment.
    # One query more than usual; there are no rows to read.
    with django_assert_num_queries(2):
        results = service.search_plugins(SearchQuery())
    assert (results.page.total, results.facets["tag"], results.is_degraded) == (0, {}, False)
    assert service.suggest("cha") == []
    assert service.facet_search("tag", "talk") == []
    assert comparison.get_index_status().lag == 2
    indexer.index_changes()
    assert find("notes") == ["@acme/notes"]
    assert find() == ["@acme/notes"]
    status = comparison.get_index_status()
    assert (status.lag, status.drift) == (0, 0)


def test_an_older_folder_gets_the_newer_download_counts(
    chat: Plugin, publisher: Publisher, folder: Path, tmp_path: Path
) -> None:
    other = publisher.publish("@acme/other")
    indexer.index_changes()
    shutil.copytree(folder, tmp_path / "backup")
    record_downloads(other, 50)
    flush_downloads()
    SearchCursor.objects.update(counted_at=timezone.now() - dt.timedelta(minutes=10))
    publisher.publish("@acme/third")
    indexer.index_changes()
    folder.rename(tmp_path / "newer")
    (tmp_path / "backup").rename(folder)
    indexer.index_changes()
    ids = get_engine().search(SearchQuery(sort="downloads")).ids
    assert ids[0] == other.plugin_id


def test_an_older_database_gets_an_index_without_what_it_lost(
    chat: Plugin, publisher: Publisher
) -> None:
    with transaction.atomic():
        publisher.publish("@acme/lost")
        indexer.index_changes()
        assert find() == ["@acme/chat", "@acme/lost"]
        transaction.set_rollback(True)
    # The next entry of the journal has the serial of the lost one.
    publisher.publish("@acme/next")
    assert comparison.get_index_status().error == indexer.OTHER_JOURNAL
    indexer.index_changes()
    assert find() == ["@acme/chat", "@acme/next"]
    status = comparison.get_index_status()
    assert (status.error, status.lag, status.drift) == ("", 0, 0)


def test_an_older_database_at_the_end_of_its_journal(chat: Plugin, publisher: Publisher) -> None:
    with transaction.atomic():
        publisher.publish("@acme/lost")
        indexer.index_changes()
        transaction.set_rollback(True)
    indexer.index_changes()
    assert find() == ["@acme/chat"]
    assert get_engine().count() == 1


def test_a_folder_of_another_time_counts_as_damaged_and_is_rebuilt(
    chat: Plugin, folder: Path, tmp_path: Path, publisher: Publisher
) -> None:
    shutil.copytree(folder, tmp_path / "backup", copy_function=shutil.copyfile)
    publisher.publish("@acme/notes")
    indexer.index_changes()
    folder.rename(tmp_path / "newer")
    (tmp_path / "backup").rename(folder)
    indexer.index_changes()
    assert find() == ["@acme/chat", "@acme/notes"]


def test_a_server_with_older_data_is_completed(
    meili: MeilisearchDouble, publisher: Publisher, moderator: User
) -> None:
    release = publisher.publish("@acme/chat")
    indexer.index_changes()
    snapshot = copy.deepcopy(meili.indexes)
    notes = publisher.publish("@acme/notes")
    quarantine_release(actor=moderator, release=release, reason="Odd.")
    indexer.index_changes()
    meili.indexes = snapshot
    meili.reply()
    meili.reply()
    meili.exchanges.clear()
    assert service.search_plugins(SearchQuery("chat")).engine == "meilisearch"
    # The first request shows that the index is outdated; the second one excludes what was withdrawn.
    assert [path for _, path, _, _ in meili.exchanges] == ["/multi-search"] * 2
    assert meili.searches[-1]["filter"] == [f"id NOT IN [{release.plugin_id}]"]
    indexer.index_changes()
    assert comparison.get_index_status().drift == 0
    assert get_engine().list_stamps(0, None).keys() == {notes.plugin_id}


def test_an_empty_server_is_filled(meili: MeilisearchDouble, publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    indexer.index_changes()
    meili.indexes.clear()
    indexer.index_changes()
    assert get_engine().count() == 1


# ---- comparison ----------------------------------------------------------------------------------


def break_index(publisher: Publisher) -> None:
    """Remove a document, add one too much twice, and make one older; no journal entry tells."""
    for name in ("@acme/one", "@acme/two", "@acme/three"):
        publisher.publish(name)
    indexer.index_changes()
    one, two, three = Plugin.objects.order_by("id")
    get_engine().remove([one.pk])
    get_engine().index([build_document(three.pk + 1, "gone"), build_document(10**9, "lost")])
    Plugin.objects.filter(pk=two.pk).update(description="Newer.", updated_at=timezone.now())


def test_a_comparison_repairs_each_kind_of_difference(publisher: Publisher, capsys: Any) -> None:
    break_index(publisher)
    status = comparison.get_index_status()
    assert (status.missing, status.surplus, status.outdated) == (1, 2, 1)
    assert comparison.repair_index() == 4
    assert comparison.get_index_status().drift == 0
    assert find("newer") == ["@acme/two"]
    assert get_engine().count() == 3
    call_command("search", "status")
    assert "4 documents repaired" in capsys.readouterr().out
    assert comparison.repair_index() == 0


def test_a_comparison_of_meilisearch(meili: MeilisearchDouble, publisher: Publisher) -> None:
    break_index(publisher)
    assert comparison.repair_index() == 4
    assert comparison.get_index_status().drift == 0


def test_a_comparison_goes_through_all_windows(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "MAX_STAMPS", 2)
    break_index(publisher)
    assert comparison.repair_index() == 4
    assert comparison.get_index_status().drift == 0


def test_one_worker_compares(publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    indexer.index_changes()
    # The rebuild of the first run was as good as a comparison.
    assert comparison.repair_index(interval_seconds=60) is None
    SearchCursor.objects.update(compared_at=timezone.now() - dt.timedelta(minutes=2))
    assert comparison.repair_index(interval_seconds=60) == 0
    assert comparison.repair_index(interval_seconds=60) is None
    with cursor.acquire_lease("embedded"), pytest.raises(IndexBusyError):
        comparison.repair_index()


def test_a_comparison_indexes_new_plugins_first(publisher: Publisher) -> None:
    """They are no differences."""
    publisher.publish("@acme/chat")
    indexer.index_changes()
    publisher.publish("@acme/notes")
    assert comparison.repair_index() == 0
    assert find() == ["@acme/chat", "@acme/notes"]


def test_a_worker_compares_at_its_start_and_daily(publisher: Publisher) -> None:
    seconds = 0.0
    # Another worker, or an earlier process, compared two minutes ago.
    start = comparison.PeriodicComparison(clock=lambda: seconds)
    break_index(publisher)
    SearchCursor.objects.update(compared_at=timezone.now() - dt.timedelta(minutes=2))
    start.run_if_due()
    assert comparison.get_index_status().drift == 0

    get_engine().remove([Plugin.objects.earliest("id").pk])
    for hours, drift in ((1, 1), (23, 1), (25, 0)):
        seconds += comparison.TRY_SECONDS
        SearchCursor.objects.update(compared_at=timezone.now() - dt.timedelta(hours=hours))
        start.run_if_due()
        assert comparison.get_index_status().drift == drift


def test_a_worker_that_finds_the_index_busy_tries_again(publisher: Publisher) -> None:
    seconds = 0.0
    start = comparison.PeriodicComparison(clock=lambda: seconds)
    break_index(publisher)
    SearchCursor.objects.update(compared_at=None)
    with cursor.acquire_lease("embedded"):
        start.run_if_due()
    assert comparison.get_index_status().drift == 4
    seconds += comparison.TRY_SECONDS
    start.run_if_due()
    assert comparison.get_index_status().drift == 0
