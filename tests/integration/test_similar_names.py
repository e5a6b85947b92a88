"""New names that users can confuse with established plugins are held for a moderator."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from registry.actions.moderate_release import approve_release
from registry.jobs.runner import run_pending_jobs
from registry.models import Member, Plugin, Release
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes, record_downloads

pytestmark = pytest.mark.django_db


@pytest.fixture
def bucket(publisher: Publisher) -> Release:
    """`token-bucket`, which has downloads."""
    release = publisher.publish("token-bucket")
    Plugin.objects.update(downloads=12)
    return release


def publish(actor: User, name: str, version: str = "1.0.0", **fields: Any) -> Release:
    release = publish_bytes(actor, build_package(name, version, **fields))
    run_pending_jobs()
    release.refresh_from_db()
    return release


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    "name", ["token-buckets", "bucket-token", "token-bucke", "tokne-bucket", "tokens-bucket"]
)
def test_a_similar_name_is_held_with_a_finding(outsider: User, name: str) -> None:
    release = publish(outsider, name)
    assert release.state == "held"
    assert f"`{name}` is easily confused with `token-bucket`" in release.verdict_reason
    (finding,) = release.checks.get(name="name").findings
    assert (finding["rule"], finding["severity"]) == ("name-similar", "warning")
    assert "12 downloads" in finding["message"]


def test_age_is_enough(publisher: Publisher, outsider: User) -> None:
    publisher.publish("token-bucket")
    assert publish(outsider, "token-buckets").state == "published"
    Plugin.objects.filter(name="token-bucket").update(
        created_at=timezone.now() - dt.timedelta(days=8)
    )
    assert publish(outsider, "tokens-bucket").state == "held"


@pytest.mark.usefixtures("bucket")
def test_an_approved_name_is_not_checked_again(outsider: User) -> None:
    first = publish(outsider, "token-buckets")
    approve_release(
        actor=create_user("judge", is_moderator=True), release=first, reason="An honest plugin."
    )
    second = publish(outsider, "token-buckets", "1.1.0")
    assert second.state == "published"
    assert not second.checks.filter(name="name").exists()


@pytest.mark.usefixtures("bucket")
def test_a_rejected_release_does_not_get_around_it(outsider: User) -> None:
    assert publish(outsider, "token-buckets", main="missing.js").state == "rejected"
    assert publish(outsider, "token-buckets").state == "held"


def test_own_names_and_those_of_moderators_are_free(
    bucket: Release, owner: User, outsider: User
) -> None:
    assert publish(owner, "token-buckets").state == "published"
    Member.objects.create(plugin=bucket.plugin, holder=outsider.owner, role="publisher")
    assert publish(outsider, "bucket-token").state == "published"
    assert publish(create_user("judge", is_moderator=True), "token-bucke").state == "published"


def test_unlisted_plugins_do_not_block_names(outsider: User, publisher: Publisher) -> None:
    publisher.publish("token-bucket", main="missing.js")
    Plugin.objects.update(downloads=12)
    assert publish(outsider, "token-buckets").state == "published"


def test_the_number_of_queries_does_not_depend_on_the_catalog(
    publisher: Publisher, outsider: User
) -> None:
    def count_queries(name: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            publish_bytes(outsider, build_package(name))
        return len(queries)

    publisher.publish("token-bucket")
    few = count_queries("token-buckets-1")
    for number in range(20):
        release = publisher.publish(f"other-{number}x")
        record_downloads(release, 1)
    assert count_queries("token-buckets-2") == few
