"""What moderators do and look at in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from registry.models import Plugin
from tests.functional.pages.dom import Node, parse


@pytest.fixture
def desk(moderator) -> Client:
    """Signed in as a moderator."""
    client = Client()
    client.force_login(moderator, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _act(desk: Client, action: str, *names: str) -> list[str]:
    """Choose the plugins in the list and carry the action out; what the page says then."""
    chosen = [str(pk) for pk in Plugin.objects.filter(name__in=names).values_list("pk", flat=True)]
    answer = desk.post(
        reverse("admin:registry_plugin_changelist"),
        {"action": action, "_selected_action": chosen},
        follow=True,
    )
    page: Node = parse(answer.content.decode())
    return [line.text for line in page.one(class_="messagelist").all("li")]


def test_what_is_featured_is_said_and_kept(desk, publisher, open_page):
    """Each plugin is named, with what became of it; featuring again keeps the place."""
    publisher.publish("first")
    publisher.publish("second")
    assert _act(desk, "feature", "first") == ["Now on the front page: first."]
    assert _act(desk, "feature", "second") == ["Now on the front page: second."]
    assert _act(desk, "feature", "first") == ["Already on the front page: first."]
    rows = open_page("/").one("section", aria_labelledby="featured").by_class("row")
    assert [row.one("h3").all("a")[0].text for row in rows] == ["second", "first"]
    assert _act(desk, "unfeature", "first") == ["Now off the front page: first."]
    assert _act(desk, "unfeature", "first") == ["Already off the front page: first."]
    acts = AuditEntry.objects.filter(action__endswith="featured").order_by("id")
    assert list(acts.values_list("action", "target")) == [
        ("plugin.featured", "first"),
        ("plugin.featured", "second"),
        ("plugin.unfeatured", "first"),
    ]


def test_featuring_what_is_not_listed(desk, publisher, moderator, open_page):
    """It is not shown before it is, and the moderator is told."""
    from registry.actions.moderate_release import quarantine_release

    release = publisher.publish("hidden")
    quarantine_release(actor=moderator, release=release, reason="Looked at.")
    assert _act(desk, "feature", "hidden") == ["Featured, to appear once it is listed: hidden."]
    assert not open_page("/").all(id="featured")


def test_only_moderators_feature(publisher, owner):
    """Somebody who may look at the admin is told why nothing happens."""
    publisher.publish("first")
    owner.is_staff = True
    owner.save()
    client = Client()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert "moderator" in " ".join(_act(client, "feature", "first")).lower()
    assert not Plugin.objects.filter(featured_at__isnull=False).exists()


def test_plugins_by_whether_they_are_featured(desk, publisher):
    """The list narrows to what stands on the front page."""
    publisher.publish("first")
    publisher.publish("second")
    _act(desk, "feature", "first")
    address = reverse("admin:registry_plugin_changelist")
    page = parse(desk.get(address, {"featured_at__isempty": "0"}).content.decode())
    assert [cell.text for cell in page.by_class("field-name")] == ["first"]
