"""Profiles of accounts and of their scopes."""

from __future__ import annotations

import pytest

from registry.actions.create_scope import create_scope
from registry.actions.flag_release import deprecate_release
from registry.actions.moderate_release import quarantine_release
from registry.models import Plugin, Release, Role
from registry.publishing.refresh import refresh_plugin

pytestmark = pytest.mark.usefixtures("indexed_catalog")


@pytest.fixture(scope="module")
def _published(module_publisher):
    """Two plugins of the scope, one with a tag, one without a scope and one of another scope."""
    module_publisher.publish("@acme/chat", tags=["talk"])
    module_publisher.publish("@acme/often")
    create_scope(actor=module_publisher.copy_actor(), name="acme-lab")
    module_publisher.publish("@acme-lab/probe")
    module_publisher.publish("mail")


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


@pytest.fixture
def chat(db, _published):
    """The release of `@acme/chat`."""
    return Release.objects.select_related("plugin").get(plugin__name="@acme/chat")


def _names(page) -> list[str]:
    return [row.one("h3").all("a")[0].raw for row in page.by_class("row")]


def test_an_account(open_page, owner):
    """Date of joining, scopes, plugins and downloads."""
    Plugin.objects.update(downloads=1500)
    page = open_page("/@acme", sort="name")
    assert page.one("h1").text == "acme"
    assert _names(page) == ["@acme-lab/probe", "@acme/chat", "@acme/often", "mail"]
    facts = page.by_class("facts-row")[0].text
    assert f"Joined {owner.date_joined:%B %Y}" in facts
    assert "Total downloads 6k" in facts
    assert "Scopes @acme, @acme-lab" in facts
    assert page.one("link", rel="canonical").attrs["href"].endswith("/@acme")


def test_one_good_rating_is_worth_less_than_many(open_page, publisher):
    """Sorting by rating uses the Bayesian average."""
    publisher.publish("@acme/once")
    for name, rating, count in (("once", 5.0, 1), ("often", 4.6, 900), ("chat", 0.0, 0)):
        Plugin.objects.filter(name=f"@acme/{name}").update(rating=rating, rating_count=count)
    ordered = ["@acme/often", "@acme/once", "@acme/chat"]
    assert _names(open_page("/@acme", sort="rating"))[:3] == ordered


def test_an_account_page_has_no_private_data(open_page, owner):
    """Email and role are not shown."""
    owner.email, owner.is_moderator = "acme@example.org", True
    owner.first_name = "Hilde"
    owner.save()
    text = open_page("/@acme").text
    assert "example.org" not in text
    assert "Hilde" not in text
    assert "oderator" not in text


def test_an_account_without_plugins(open_page, outsider, client):
    """Visitors get a link to the search, the owner one to publishing."""
    page = open_page("/@mallory")
    assert "mallory has no listed plugins." in page.text
    assert page.one("meta", name="robots").attrs["content"] == "noindex"
    client.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    assert "/publish" in open_page("/@mallory").by_class("empty")[0].links


def test_unknown(open_page):
    """Unknown names get a 404 page."""
    for path in ("/users/nobody", "/users/ac%00me", "/@nobody", "/@ac%00me", "/@"):
        open_page(path, status=404)


def test_an_account_that_was_closed(open_page, outsider):
    """A closed account has no profile."""
    outsider.is_active = False
    outsider.save()
    open_page("/@mallory", status=404)


def test_a_closed_account_is_named_and_leads_nowhere(
    open_page, client, chat, owner, outsider, django_assert_num_queries
):
    """A closed account is not linked anywhere; other owners are."""
    chat.plugin.members.create(holder=outsider.owner, role=Role.OWNER)
    document = chat.plugin.document
    Plugin.objects.filter(pk=chat.plugin.pk).update(
        document={**document, "owners": ["acme", "mallory"]}
    )
    paths = {"/plugins/@acme/chat": 1, "/plugins/@acme/chat/security": 1, "/@acme-lab": 0}
    for path, links_of_scope in paths.items():
        assert open_page(path).one("main").links.count("/@acme") > links_of_scope
    assert client.get("/feeds/users/acme.atom").status_code == 200
    owner.is_active = False
    owner.save()
    for path, links_of_scope in paths.items():
        main = open_page(path).one("main")
        assert "acme" in main.text
        assert main.links.count("/@acme") == links_of_scope
    with django_assert_num_queries(6 + 1):
        page = open_page("/plugins/@acme/chat")
    assert "/@mallory" in page.one("main").links
    assert client.get("/feeds/users/acme.atom").status_code == 404


def test_rows_link_to_open_accounts_only(
    open_page, chat, owner, outsider, index_now, django_assert_num_queries
):
    """Lists need one more query only if an owner's account is closed."""
    for plugin in Plugin.objects.all():
        plugin.members.create(holder=outsider.owner, role=Role.OWNER)
        refresh_plugin(plugin.pk)
    index_now()
    counts = {"/search": 2, "/tags/talk": 3, "/@mallory": 5, "/@acme": 5}
    for extra, links in ((0, ["/@acme", "/@mallory"]), (1, ["/@mallory"])):
        for path, count in counts.items():
            with django_assert_num_queries(count + extra):
                bylines = open_page(path).by_class("byline")
            assert {line.text.replace(" ,", ",") for line in bylines} == {"by acme, mallory"}
            assert [line.links for line in bylines] == [links] * len(bylines)
        owner.is_active = False
        owner.save()
    # The home page shows each plugin once, here all in its first list.
    with django_assert_num_queries(4 + 1):
        assert {tuple(line.links) for line in open_page("/").by_class("byline")} == {("/@mallory",)}


def test_a_replacement_is_a_link_where_it_is_listed(open_page, chat, publisher, owner):
    """A replacement is a link only if it is listed."""
    deprecate_release(actor=owner, release=chat, message="Old.", replacement="next-chat")
    notice = open_page("/plugins/@acme/chat").one("main")
    assert "Use next-chat instead." in notice.text
    assert "/plugins/next-chat" not in notice.links
    publisher.publish("next-chat")
    assert "/plugins/next-chat" in open_page("/plugins/@acme/chat").one("main").links


def test_another_scope(open_page, settings):
    """Owner, official badge, plugins and total downloads."""
    Plugin.objects.update(downloads=70)
    page = open_page("/@acme-lab")
    assert page.one("h1").text == "@acme-lab"
    assert _names(page) == ["@acme-lab/probe"]
    assert "Total downloads 70" in page.by_class("facts-row")[0].text
    assert "/@acme" in page.one("main").links
    assert "/@acme-lab" in open_page("/@acme").by_class("facts-row")[0].links
    settings.OFFICIAL_SCOPES = ("acme", "acme-lab")
    assert open_page("/@acme-lab").one("h1").text == "@acme-lab Official scope"
    assert open_page("/@acme").one("h1").text == "acme Official scope"


def test_the_scope_of_a_closed_account(open_page, owner):
    """Its plugins stay, so it has a page; the owner is named without a link."""
    owner.is_active = False
    owner.save()
    page = open_page("/@acme")
    assert page.one("h1").text == "@acme"
    assert {*_names(page)} == {"@acme/chat", "@acme/often"}
    assert "Owner acme" in page.by_class("facts-row")[0].text


def test_profiles_show_what_is_listed_only(open_page, moderator):
    """Unlisted plugins count neither in names nor in downloads."""
    Plugin.objects.update(downloads=70)
    for release in Release.objects.filter(plugin__scope__isnull=False):
        quarantine_release(actor=moderator, release=release, reason="Looked at.")
    for path, names in (("/@acme-lab", []), ("/@acme", ["mail"])):
        page = open_page(path)
        assert _names(page) == names
        assert "often" not in page.text
        assert f"Total downloads {70 * len(names)}" in page.text
    assert "@acme-lab has no listed plugins." in open_page("/@acme-lab").text


def test_the_former_address_of_a_profile(client, owner):
    """Links to it are all over the web."""
    response = client.get("/users/acme?sort=name")
    assert (response.status_code, response.headers["Location"]) == (301, "/@acme?sort=name")
    owner.is_active = False
    owner.save()
    assert client.get("/users/acme").status_code == 404
