"""The first page."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from registry.models import Plugin


def test_empty_registry_invites_to_publish(open_page):
    """Nothing published is a state of its own, not a blank page."""
    page = open_page("/")
    assert "Nothing has been published here yet." in page.text
    assert "/publish" in page.one("main").links
    assert not page.all(id="popular")


def test_sections(open_page, publisher):
    """Search, categories with counts, featured, popular, recent."""
    publisher.publish("@acme/chat", categories=["communication"])
    publisher.publish("@acme/mail", categories=["communication", "integration"])
    Plugin.objects.filter(name="@acme/mail").update(featured_at=timezone.now(), downloads=7)
    page = open_page("/")
    assert page.one("input", name="q").attrs["type"] == "search"
    names = {section.attrs["aria-labelledby"]: section for section in page.all("section")[1:]}
    assert list(names) == ["featured", "popular", "recent"]
    assert [row.one("h3").all("a")[0].text for row in names["featured"].by_class("row")] == [
        "@acme/mail"
    ]
    popular = [row.one("h3").all("a")[0].text for row in names["popular"].by_class("row")]
    assert popular == ["@acme/mail", "@acme/chat"]
    counts = {node.attrs["href"]: node.text for node in page.by_class("ledger")[0].all("a")}
    assert counts["/categories/communication"] == "communication 2 plugins"


def test_categories_of_one_plugin_alone_take_no_place(open_page, publisher):
    """Its author names them freely; they are among all categories."""
    publisher.publish("crowded", categories=["shared", *(f"own-{n}" for n in range(9))])
    assert not open_page("/").by_class("ledger")
    publisher.publish("other", categories=["shared"])
    assert open_page("/").by_class("ledger")[0].links == ["/categories/shared"]
    assert "/categories/own-3" in open_page("/categories").links


def _feature(*names: str) -> None:
    """As if a moderator had chosen them one after another, a minute between two."""
    start = timezone.now() - dt.timedelta(hours=1)
    for minute, name in enumerate(names):
        at = start + dt.timedelta(minutes=minute)
        Plugin.objects.filter(name=name).update(featured_at=at)


def _read_names(section) -> list[str]:
    return [row.one("h3").all("a")[0].text for row in section.by_class("row")]


def test_what_a_moderator_features_appears_at_once_and_first(open_page, publisher, client):
    """However seldom it is downloaded; in the API in the same order."""
    names = [f"plugin-{number}" for number in range(6)]
    for number, name in enumerate(names):
        publisher.publish(name)
        Plugin.objects.filter(name=name).update(downloads=100 * number)
    _feature(*reversed(names))
    section = open_page("/").one("section", aria_labelledby="featured")
    assert _read_names(section) == names
    assert "/featured" not in section.links
    told = client.get("/api/v1/plugins/featured").json()["plugins"]
    assert [plugin["name"] for plugin in told] == names


def test_more_featured_than_there_is_room_for(open_page, publisher):
    """The latest six, and a link to the page of all."""
    names = [f"plugin-{number}" for number in range(7)]
    for name in names:
        publisher.publish(name)
    _feature(*names)
    section = open_page("/").one("section", aria_labelledby="featured")
    assert _read_names(section) == names[:0:-1]
    assert "/featured" in section.links
    page = open_page("/featured")
    assert page.one("h2").text == "7 plugins"
    assert _read_names(page) == names[::-1]


def test_nothing_is_featured(open_page):
    """The page says so and leads on."""
    assert "/search" in open_page("/featured").by_class("empty")[0].links


def test_row_says_what_a_card_must(open_page, publisher):
    """Name, kind, owner, badge, version, description, rating, downloads, categories."""
    publisher.publish("@acme/chat", "1.2.3", kind="bridge", categories=["communication"])
    Plugin.objects.update(weekly_downloads=1250, rating=4.26, rating_count=12)
    row = open_page("/").by_class("row")[0].text
    for word in (
        "@acme/chat",
        "1.2.3",
        "Community",
        "Bridge",
        "by acme",
        "1.2k",
        "downloads this week",
        "Rated 4.3 of 5 by 12",
        "communication",
    ):
        assert word in row
    assert "What @acme/chat does, in one sentence." in row


def test_row_says_how_many_rated_it(open_page, publisher):
    """To everybody: one person's four is not that of thousands."""
    publisher.publish("often")
    publisher.publish("once")
    publisher.publish("never")
    Plugin.objects.filter(name="often").update(rating=4, rating_count=5_000)
    Plugin.objects.filter(name="once").update(rating=4, rating_count=1)
    told = {}
    for row in open_page("/").one("section", aria_labelledby="popular").by_class("row"):
        votes = [node.text for node in row.by_class("row-votes")]
        told[row.one("h3").all("a")[0].text] = votes
    assert told == {"often": ["5k"], "once": ["1"], "never": []}


def test_downloads_are_those_of_the_week_in_every_row(open_page, publisher):
    """One unit, so that rows can be compared; the sum of all is there to be looked up."""
    publisher.publish("busy")
    publisher.publish("quiet")
    Plugin.objects.filter(name="busy").update(weekly_downloads=2, downloads=30)
    Plugin.objects.filter(name="quiet").update(downloads=12_000)
    rows = open_page("/").one("section", aria_labelledby="popular").by_class("row")
    counts = [row.by_class("row-count")[0] for row in rows]
    assert [count.text for count in counts] == [
        "0 downloads this week /week",
        "2 downloads this week /week",
    ]
    assert [count.one("span", title="12k in all").text for count in counts[:1]]


def test_row_leads_on(open_page, publisher):
    """To the plugin, its categories, and who owns it."""
    publisher.publish("@acme/chat", categories=["communication"])
    assert open_page("/").by_class("row")[0].links == [
        "/plugins/@acme/chat",
        "/users/acme",
        "/categories/communication",
    ]


def test_anonymous_visit_opens_no_session(client, publisher):
    """Reading makes no cookie."""
    publisher.publish()
    for path in ("/", "/search", "/plugins/@acme/chat", "/docs"):
        assert not client.get(path).cookies
