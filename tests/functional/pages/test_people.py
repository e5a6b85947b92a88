"""Accounts and scopes: who publishes what."""

from __future__ import annotations

import pytest

from registry.actions.flag_release import deprecate_release
from registry.documents import refresh_plugin
from registry.models import Plugin, Role


def _names(page) -> list[str]:
    return [row.one("h3").all("a")[0].raw for row in page.by_class("row")]


def test_an_account(open_page, publisher, owner):
    """Since when, which scopes, which plugins, how often they were downloaded."""
    publisher.publish("@acme/chat")
    publisher.publish("mail")
    Plugin.objects.update(downloads=1500)
    page = open_page("/users/acme", sort="name")
    assert page.one("h1").text == "acme"
    assert _names(page) == ["@acme/chat", "mail"]
    facts = page.by_class("facts-row")[0].text
    assert f"Since {owner.date_joined:%B %Y}" in facts
    assert "Downloads in all 3k" in facts
    assert "/@acme" in page.one("main").links
    assert page.one("link", rel="canonical").attrs["href"].endswith("/users/acme")


@pytest.mark.parametrize("path", ["/users/acme", "/@acme"])
def test_one_good_rating_is_worth_less_than_many(open_page, publisher, path):
    """By rating, lists go by the Bayesian average as everywhere."""
    for name, rating, count in (("once", 5.0, 1), ("often", 4.6, 900), ("never", 0.0, 0)):
        publisher.publish(f"@acme/{name}")
        Plugin.objects.filter(name=f"@acme/{name}").update(rating=rating, rating_count=count)
    page = open_page(path, sort="rating")
    assert _names(page) == ["@acme/often", "@acme/once", "@acme/never"]


def test_an_account_tells_nothing_private(open_page, publisher, owner):
    """No address, no role in the registry."""
    owner.email, owner.is_moderator = "acme@example.org", True
    owner.first_name = "Hilde"
    owner.save()
    publisher.publish()
    text = open_page("/users/acme").text
    assert "example.org" not in text
    assert "Hilde" not in text
    assert "oderator" not in text


def test_an_account_without_plugins(open_page, outsider, client):
    """Strangers are sent on; the person is invited."""
    page = open_page("/users/mallory")
    assert "mallory has no plugin that is listed." in page.text
    assert page.one("meta", name="robots").attrs["content"] == "noindex"
    client.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    assert "/publish" in open_page("/users/mallory").by_class("empty")[0].links


@pytest.mark.parametrize("path", ["/users/nobody", "/users/ac%00me", "/@nobody", "/@ac%00me", "/@"])
def test_unknown(open_page, publisher, path):
    """There is nobody of that name."""
    publisher.publish("@acme/chat")
    open_page(path, status=404)


def test_an_account_that_was_closed(open_page, outsider):
    """It is not there any more."""
    outsider.is_active = False
    outsider.save()
    open_page("/users/mallory", status=404)


def test_a_closed_account_is_named_and_leads_nowhere(
    open_page, client, publisher, owner, outsider, django_assert_num_queries
):
    """Neither from its plugins nor from its scope, nor by its feed; a second owner has a page."""
    release = publisher.publish("@acme/chat")
    release.plugin.members.create(user=outsider, role=Role.OWNER)
    document = release.plugin.document
    Plugin.objects.update(document={**document, "owners": ["acme", "mallory"]})
    paths = ("/plugins/@acme/chat", "/plugins/@acme/chat/security", "/@acme")
    for path in paths:
        assert "/users/acme" in open_page(path).one("main").links
    assert client.get("/feeds/users/acme.atom").status_code == 200
    owner.is_active = False
    owner.save()
    for path in paths:
        main = open_page(path).one("main")
        assert "acme" in main.text
        assert "/users/acme" not in main.links
    with django_assert_num_queries(6 + 1):
        page = open_page("/plugins/@acme/chat")
    assert "/users/mallory" in page.one("main").links
    assert client.get("/feeds/users/acme.atom").status_code == 404


def test_rows_link_to_open_accounts_only(
    open_page, publisher, owner, outsider, index_now, django_assert_num_queries
):
    """In every list, for one question more, and only where somebody has left."""
    plugin = publisher.publish("@acme/chat", tags=["talk"]).plugin
    plugin.members.create(user=outsider, role=Role.OWNER)
    refresh_plugin(plugin.pk)
    index_now()
    counts = {"/search": 2, "/tags/talk": 3, "/users/mallory": 4, "/@acme": 3}
    for extra, links in ((0, ["/users/acme", "/users/mallory"]), (1, ["/users/mallory"])):
        for path, count in counts.items():
            with django_assert_num_queries(count + extra):
                byline = open_page(path).by_class("byline")[0]
            assert byline.text.replace(" ,", ",") == "by acme, mallory"
            assert byline.links == links
        owner.is_active = False
        owner.save()
    with django_assert_num_queries(4 + 2):
        assert {tuple(line.links) for line in open_page("/").by_class("byline")} == {
            ("/users/mallory",)
        }


def test_a_replacement_is_a_link_where_it_is_listed(open_page, publisher, owner):
    """Authors may name what is not here, or not yet."""
    release = publisher.publish("@acme/chat")
    deprecate_release(actor=owner, release=release, message="Old.", replacement="next-chat")
    said = open_page("/plugins/@acme/chat").one("main")
    assert "Use next-chat instead." in said.text
    assert "/plugins/next-chat" not in said.links
    publisher.publish("next-chat")
    assert "/plugins/next-chat" in open_page("/plugins/@acme/chat").one("main").links


def test_a_scope(open_page, publisher, settings):
    """Whose it is, whether it is official, its plugins and all their downloads."""
    publisher.publish("@acme/chat")
    publisher.publish("mail")
    Plugin.objects.update(downloads=70)
    page = open_page("/@acme")
    assert page.one("h1").text == "@acme"
    assert _names(page) == ["@acme/chat"]
    assert "Downloads in all 70" in page.by_class("facts-row")[0].text
    assert "/users/acme" in page.one("main").links
    settings.OFFICIAL_SCOPES = ("acme",)
    assert open_page("/@acme").one("h1").text == "@acme Official scope"


def test_a_scope_shows_what_is_listed_only(open_page, publisher, moderator):
    """Of what is withdrawn neither name nor downloads count."""
    from registry.actions import moderate_release

    release = publisher.publish("@acme/secret")
    Plugin.objects.update(downloads=70)
    moderate_release.quarantine_release(actor=moderator, release=release, reason="Looked at.")
    for path in ("/@acme", "/users/acme"):
        page = open_page(path)
        assert "secret" not in page.text
        assert "Downloads in all 0" in page.text
    assert "No plugin of @acme is listed." in open_page("/@acme").text
