"""Download counts: none counted twice, none lost except by a kill."""

from __future__ import annotations

import datetime as dt
import os

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from registry.downloads.counts import flush_downloads, update_weekly_downloads
from registry.models import DownloadCount, Plugin, Release
from tests.support.publishing import Publisher, record_downloads

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(publisher: Publisher) -> Release:
    return publisher.publish()


def get_counts() -> tuple[int, int, int]:
    plugin = Plugin.objects.get()
    release = Release.objects.get()
    return plugin.downloads, plugin.weekly_downloads, release.downloads


def test_counts_are_written_together(release: Release) -> None:
    record_downloads(release, 3)
    assert get_counts() == (0, 0, 0)
    assert flush_downloads() == 3
    assert get_counts() == (3, 3, 3)
    record_downloads(release, 1)
    assert flush_downloads() == 1
    row = DownloadCount.objects.get()
    assert (row.count, row.day) == (4, timezone.now().date())
    assert flush_downloads() == 0


def test_counts_of_several_releases_do_not_mix(publisher: Publisher) -> None:
    one = publisher.publish("@acme/one", "1.0.0")
    two = publisher.publish("@acme/one", "2.0.0")
    other = publisher.publish("@acme/other", "1.0.0")
    for release, count in ((one, 1), (two, 2), (other, 4)):
        record_downloads(release, count)
    assert flush_downloads() == 7
    assert dict(Plugin.objects.values_list("name", "downloads")) == {
        "@acme/one": 3,
        "@acme/other": 4,
    }


def test_a_forked_process_leaves_the_counts_to_its_parent(release: Release) -> None:
    record_downloads(release, 1)
    child = os.fork()
    if child == 0:
        # The test's transaction is the parent's: the child must not reach the database.
        exit_code = 1
        try:
            exit_code = 0 if flush_downloads() == 0 else 1
        finally:
            os._exit(exit_code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert flush_downloads() == 1


def test_a_failed_write_keeps_its_counts(release: Release) -> None:
    record_downloads(release, 2)
    with transaction.atomic():
        break_the_table()
        with pytest.raises(DatabaseError), transaction.atomic():
            flush_downloads()
        transaction.set_rollback(True)
    assert get_counts() == (0, 0, 0)
    record_downloads(release, 1)
    assert flush_downloads() == 3
    assert get_counts() == (3, 3, 3)


def break_the_table() -> None:
    """Rename the table until the transaction is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registry_downloadcount RENAME TO elsewhere")


def test_a_deleted_release_is_skipped(release: Release) -> None:
    record_downloads(release, 1)
    record_downloads(Release(pk=release.pk + 1000), 1)
    assert flush_downloads() == 1
    assert get_counts() == (1, 1, 1)


def test_the_week_has_seven_days(release: Release) -> None:
    today = timezone.now().date()
    for days_ago, count in ((0, 1), (6, 10), (7, 100), (400, 1000)):
        DownloadCount.objects.create(
            release=release, day=today - dt.timedelta(days=days_ago), count=count
        )
    Plugin.objects.update(weekly_downloads=999)
    assert update_weekly_downloads() == 1
    assert Plugin.objects.get().weekly_downloads == 11
    assert update_weekly_downloads() == 0


def test_a_week_without_downloads_is_zero(release: Release) -> None:
    Plugin.objects.update(weekly_downloads=5)
    assert update_weekly_downloads() == 1
    assert Plugin.objects.get().weekly_downloads == 0
