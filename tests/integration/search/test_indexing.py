"""The index follows the journal: every change, in order, also after a crash."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from common.processes.process_names import build_process_name
from marketplace.models import SearchCursor
from marketplace.search import comparison, cursor, indexer
from marketplace.search.engines import get_engine
from marketplace.search.errors import IndexBusyError, SearchUnavailableError
from marketplace.search.query import SearchQuery
from registry.actions.edit_plugin import edit_plugin
from registry.actions.flag_release import deprecate_release, yank_release
from registry.actions.moderate_release import (
    quarantine_release,
    restore_release,
    revoke_release,
)
from registry.downloads.counts import flush_downloads
from registry.journal import journal_appended
from registry.models import Plugin, Release
from tests.support.meilisearch_double import MeilisearchDouble
from tests.support.publishing import Publisher, record_downloads

pytestmark = pytest.mark.django_db


def find(text: str, **values: Any) -> list[str]:
    """The names in the engine's own results."""
    page = get_engine().search(SearchQuery(text, **values))
    names = dict(Plugin.objects.filter(pk__in=page.ids).values_list("pk", "name"))
    return [names[number] for number in page.ids]


def test_the_first_run_builds_the_index(publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    assert indexer.index_changes() == 0  # the rebuild included it
    assert find("chat") == ["@acme/chat"]
    assert comparison.get_index_status().lag == 0


def test_each_change_is_followed(publisher: Publisher, owner: User, moderator: User) -> None:
    indexer.index_changes()
    release = publisher.publish("@acme/chat", tags=["talk"])
    assert indexer.index_changes() == 1
    assert find("talk") == ["@acme/chat"]

    edit_plugin(actor=owner, plugin=release.plugin, changes={"description": "Whispers."})
    indexer.index_changes()
    assert find("whispers") == ["@acme/chat"]

    quarantine_release(actor=moderator, release=release, reason="Odd.")
    indexer.index_changes()
    assert find("chat") == []

    restore_release(actor=moderator, release=release, reason="Fine.")
    indexer.index_changes()
    assert find("chat") == ["@acme/chat"]

    revoke_release(actor=moderator, release=release, reason="Not fine.")
    indexer.index_changes()
    assert find("chat") == []


def test_a_newer_release_replaces_what_is_known(publisher: Publisher) -> None:
    publisher.publish("@acme/chat", "1.0.0", description="Carries pigeons.")
    indexer.index_changes()
    publisher.publish("@acme/chat", "1.1.0", description="Carries messages.")
    indexer.index_changes()
    assert find("pigeons") == []
    assert find("messages") == ["@acme/chat"]
    assert get_engine().count() == 1


@pytest.mark.parametrize("act", [deprecate_release, yank_release])
def test_flags_leave_no_drift(
    publisher: Publisher, owner: User, act: Callable[..., Release]
) -> None:
    release = publisher.publish("@acme/chat")
    indexer.index_changes()
    values = {"message": "Use another."} if act is deprecate_release else {}
    act(actor=owner, release=release, **values)
    indexer.index_changes()
    assert comparison.get_index_status().drift == 0


def test_many_changes_take_several_batches(
    publisher: Publisher, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer, "BATCH_SIZE", 3)
    release = publisher.publish("@acme/chat")
    indexer.index_changes()
    for number in range(10):
        edit_plugin(
            actor=owner, plugin=release.plugin, changes={"description": f"Edition {number}x."}
        )
    assert indexer.index_changes() == 10
    assert find("9x") == ["@acme/chat"]


def test_an_interrupted_batch_is_repeated(publisher: Publisher) -> None:
    """A crash after the write and before the cursor moved: nothing is lost or duplicated."""
    indexer.index_changes()
    publisher.publish("@acme/chat")
    indexer.update_plugins(get_engine(), ["@acme/chat"])
    assert comparison.get_index_status().lag == 1
    assert indexer.index_changes() == 1
    assert get_engine().count() == 1
    assert find("chat") == ["@acme/chat"]


def test_one_process_writes(publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    with cursor.acquire_lease("embedded") as lease:
        assert indexer.index_changes() == 0
        with pytest.raises(IndexBusyError):
            indexer.rebuild()
        lease.advance(0)
    assert SearchCursor.objects.get().lease_holder == ""
    indexer.index_changes()
    assert find("chat") == ["@acme/chat"]


def test_an_expired_lease_is_taken_over_and_its_holder_fails() -> None:
    with cursor.acquire_lease("embedded") as slow:
        SearchCursor.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
        with cursor.acquire_lease("embedded") as quick:
            quick.advance(7)
            with pytest.raises(IndexBusyError):
                slow.advance(3)
    assert SearchCursor.objects.get().serial == 7


def test_the_lease_of_a_dead_process_is_free_at_once() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    SearchCursor.objects.create(
        engine="embedded",
        lease_holder=f"0123:{build_process_name(child)}",
        leased_until=timezone.now() + dt.timedelta(hours=1),
    )
    with cursor.acquire_lease("embedded") as lease:
        assert lease.serial == 0


def test_the_next_run_rebuilds_a_damaged_index(publisher: Publisher, settings: Any) -> None:
    from pathlib import Path

    publisher.publish("@acme/chat")
    indexer.index_changes()
    for path in Path(settings.SEARCH_ENGINE["OPTIONS"]["path"]).glob("v*/*.*"):
        path.unlink()
        path.write_bytes(b"")
    with pytest.raises(SearchUnavailableError):
        find("chat")
    assert comparison.get_index_status().error
    indexer.index_changes()
    assert find("chat") == ["@acme/chat"]


def test_downloads_reach_the_index_periodically(publisher: Publisher) -> None:
    publisher.publish("@acme/first", description="Same.")
    second = publisher.publish("@acme/other", description="Same.")
    indexer.index_changes()
    record_downloads(second, 50)
    flush_downloads()
    indexer.index_changes()
    yesterday = timezone.now() - dt.timedelta(days=1)
    SearchCursor.objects.update(counted_at=yesterday)
    indexer.index_changes()
    assert find("", sort="downloads")[0] == "@acme/other"
    assert SearchCursor.objects.get().counted_at > yesterday


def test_changes_are_announced_after_the_commit(
    publisher: Publisher, django_capture_on_commit_callbacks: Any
) -> None:
    signals = []

    def record_signal(**_kwargs: object) -> None:
        signals.append(1)

    journal_appended.connect(record_signal)
    try:
        with django_capture_on_commit_callbacks(execute=False) as waiting:
            publisher.publish("@acme/chat")
        assert signals == []
        for act in waiting:
            act()
        assert signals
    finally:
        journal_appended.disconnect(record_signal)


# ---- the command ---------------------------------------------------------------------------------


def test_status_shows_lag_and_drift(publisher: Publisher, capsys: Any) -> None:
    with pytest.raises(CommandError, match="no search index"):
        call_command("search", "status")
    call_command("search", "setup")
    call_command("search", "rebuild")
    publisher.publish("@acme/chat")
    call_command("search", "status")
    out = capsys.readouterr().out
    assert "1 entries" in out
    indexer.index_changes()
    Plugin.objects.update(updated_at=timezone.now())
    with pytest.raises(CommandError, match="differs"):
        call_command("search", "status")
    call_command("search", "rebuild")
    call_command("search", "status")
    assert "1 plugins indexed" in capsys.readouterr().out


def test_status_says_what_to_do_about_the_cause(meili: MeilisearchDouble, settings: Any) -> None:
    """A missing index is built by the worker; a key or an address is not."""
    with pytest.raises(CommandError, match=r"does not exist yet.*\n.*worker rebuilds"):
        call_command("search", "status")
    meili.version = "1.9.2"
    with pytest.raises(CommandError, match=r"1\.9\.2, but 1\.10 or later.*\n.*newer"):
        call_command("search", "status")
    for name, value in {"key": "wrong", "url": "http://127.0.0.1:1"}.items():
        settings.SEARCH_ENGINE["OPTIONS"][name] = value
        get_engine.cache_clear()
        with pytest.raises(CommandError, match=f"PLUGPORT_MEILI_{name.upper()}"):
            call_command("search", "status")


def test_drift_counts_each_kind(publisher: Publisher) -> None:
    for name in ("@acme/one", "@acme/two", "@acme/three"):
        publisher.publish(name)
    indexer.index_changes()
    one, two, three = Plugin.objects.order_by("id")
    get_engine().remove([one.pk])
    Plugin.objects.filter(pk=two.pk).update(is_listed=False)
    Plugin.objects.filter(pk=three.pk).update(updated_at=timezone.now())
    status = comparison.get_index_status()
    assert (status.missing, status.surplus, status.outdated) == (1, 1, 1)
