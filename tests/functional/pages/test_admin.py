"""What moderators do and look at in the admin."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from marketplace.models import SearchTerm
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


def test_numbers_of_a_search_come_before_its_words(desk):
    """However long the words are: they are cut, and whole on the page of the row."""
    today = dt.date(2026, 1, 31)
    term = "w" * 100
    row = SearchTerm.objects.create(day=today, term=term, filters="tag=" + "t" * 190, searches=3)
    page = parse(desk.get(reverse("admin:marketplace_searchterm_changelist")).content.decode())
    cells = [
        cell.attrs["class"].split()[0]
        for cell in page.one(id="result_list").all("tr")[1].children
        if isinstance(cell, Node)
    ]
    assert cells == [
        "field-searches",
        "field-failed",
        "field-results",
        "field-clicks",
        "field-mean_rank",
        "field-cut_term",
        "field-day",
        "field-cut_filters",
    ]
    shown = [page.by_class(f"field-cut_{name}")[0].text for name in ("term", "filters")]
    assert shown == ["w" * 23 + "…", "tag=" + "t" * 19 + "…"]
    assert term in desk.get(reverse("admin:marketplace_searchterm_change", args=[row.pk])).text


def test_searches_that_found_nothing(desk):
    """They can be looked at alone."""
    for term, failed in (("known", 0), ("wanted", 2)):
        SearchTerm.objects.create(day=dt.date(2026, 1, 31), term=term, searches=4, failed=failed)
    address = reverse("admin:marketplace_searchterm_changelist")

    def read(found: str) -> list[str]:
        page = parse(desk.get(address, {"found": found} if found else {}).content.decode())
        return sorted(cell.text for cell in page.by_class("field-cut_term"))

    assert read("") == ["known", "wanted"]
    assert read("nothing") == ["wanted"]
    assert read("something") == ["known"]
