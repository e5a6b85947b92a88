"""The home page."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings
from django.utils import timezone

from marketplace import labels
from plugport.spec.manifest.kinds import KINDS
from registry.actions.flag_release import deprecate_release
from registry.models import Plugin

_SECTIONS = ("featured", "popular", "recent")
NAMES = ["@acme/chat", "@acme/mail", "crowded", "busy", "quiet", "often", "once"]

pytestmark = pytest.mark.usefixtures("_published", "_module_packages")


@pytest.fixture(scope="module")
def _published(module_publisher):
    """The plugins `NAMES`: one more than the home page shows as featured."""
    publish = module_publisher.publish
    publish("@acme/chat", "1.2.3", kind="bridge", categories=["communication"])
    publish("@acme/mail", categories=["communication", "integration"])
    publish("crowded", categories=["shared", *(f"own-{n}" for n in range(9))])
    for name in NAMES[3:]:
        publish(name)


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


def _set(name: str, **values) -> None:
    Plugin.objects.filter(name=name).update(**values)


def test_sections(open_page, db):
    """Search, categories with counts, featured, popular, recent."""
    _set("@acme/mail", featured_at=timezone.now(), downloads=7)
    _set("@acme/chat", downloads=5)
    page = open_page("/")
    assert page.one("input", name="q").attrs["type"] == "search"
    names = {section.attrs["aria-labelledby"]: section for section in page.all("section")[1:]}
    assert list(names) == ["featured", "popular"]
    assert _read_names(names["featured"]) == ["@acme/mail"]
    assert _read_names(names["popular"])[0] == "@acme/chat"
    [category] = page.by_class("category-cards")[0].all("a")
    assert category.attrs["href"] == "/categories/communication"
    words = "communication 2 plugins Chat, mail and other ways to reach people"
    assert category.text == words


def test_no_plugin_is_there_twice(open_page, publisher):
    """Featured plugins are not repeated as popular, nor those as recent; the lists stay full."""
    for number in range(20):
        publisher.publish(f"more-{number}")
    _feature(*NAMES[:6])
    for number, plugin in enumerate(Plugin.objects.order_by("id")):
        _set(plugin.name, downloads=100 - number)
    page = open_page("/")
    lists = [_read_names(page.one("section", aria_labelledby=name)) for name in _SECTIONS]
    assert [len(names) for names in lists] == [6, 8, 8]
    shown = [name for names in lists for name in names]
    assert len(set(shown)) == len(shown)


def test_deprecated_plugins_are_not_on_the_front_page(open_page, publisher):
    """Neither featured, popular nor recent, from the moment of the deprecation."""
    release = publisher.publish("fading")
    _feature("fading")
    _set("fading", downloads=1_000)
    names = _read_names(open_page("/").one("section", aria_labelledby="featured"))
    assert names == ["fading"]
    deprecate_release(actor=publisher.copy_actor(), release=release, message="Use another one.")
    assert "fading" not in open_page("/").text
    assert _read_names(open_page("/featured")) == ["fading"]


def test_categories_of_one_plugin_alone_take_no_place(open_page, publisher):
    """A category of a single plugin is only on the page of all categories."""
    assert open_page("/").by_class("category-cards")[0].links == ["/categories/communication"]
    publisher.publish("other", categories=["shared"])
    links = open_page("/").by_class("category-cards")[0].links
    assert sorted(links) == ["/categories/communication", "/categories/shared"]
    assert "/categories/own-3" in open_page("/categories").links


def _feature(*names: str) -> None:
    """Feature the plugins one minute apart."""
    start = timezone.now() - dt.timedelta(hours=1)
    for minute, name in enumerate(names):
        at = start + dt.timedelta(minutes=minute)
        _set(name, featured_at=at)


def _read_names(section) -> list[str]:
    return [row.one("h3").all("a")[0].text for row in section.by_class("row")]


def test_what_a_moderator_features_appears_at_once_and_first(open_page, client):
    """The order is that of the selection, on the page and in the API."""
    names = NAMES[:6]
    for number, name in enumerate(names):
        _set(name, downloads=100 * number)
    _feature(*reversed(names))
    section = open_page("/").one("section", aria_labelledby="featured")
    assert _read_names(section) == names
    assert "/featured" not in section.links
    listed = client.get("/api/v1/plugins/featured").json()["plugins"]
    assert [plugin["name"] for plugin in listed] == names


def test_more_featured_than_there_is_room_for(open_page):
    """The latest six are shown, with a link to all."""
    _feature(*NAMES)
    section = open_page("/").one("section", aria_labelledby="featured")
    assert _read_names(section) == NAMES[:0:-1]
    assert "/featured" in section.links
    page = open_page("/featured")
    assert page.one("h2").text == "7 plugins"
    assert _read_names(page) == NAMES[::-1]


def test_row_has_all_facts(open_page):
    """Name, kind, owner, badge, version, description, rating, downloads, categories."""
    _set("@acme/chat", downloads=1, weekly_downloads=1250, rating=4.26, rating_count=12)
    row = open_page("/").by_class("row")[0].text
    for word in (
        "@acme/chat",
        "1.2.3",
        "Community",
        "Bridge",
        "by acme",
        "1.2k",
        "downloads this week",
        "Rated 4.3 out of 5 from 12 ratings",
        "communication",
    ):
        assert word in row
    assert "What @acme/chat does, in one sentence." in row


def test_row_has_the_number_of_ratings(open_page):
    """The number of ratings is shown: one four is not that of thousands."""
    _set("often", downloads=2, rating=4, rating_count=5_000)
    _set("once", downloads=1, rating=4, rating_count=1)
    listed = {}
    for row in open_page("/").one("section", aria_labelledby="popular").by_class("row"):
        votes = [node.text for node in row.by_class("row-votes")]
        listed[row.one("h3").all("a")[0].text] = votes
    assert len(listed) > 2
    assert listed == {**{name: [] for name in listed}, "often": ["5k"], "once": ["1"]}


def test_downloads_are_those_of_the_week_in_every_row(open_page):
    """Rows show weekly downloads; the total is in the title."""
    _set("busy", weekly_downloads=2, downloads=30)
    _set("quiet", downloads=12_000)
    rows = open_page("/").one("section", aria_labelledby="popular").by_class("row")
    counts = [[count.text for count in row.by_class("row-count")] for row in rows[:3]]
    # No number is better than a zero.
    assert counts == [["12k downloads in total"], ["2 downloads this week /week"], []]
    assert rows[1].by_class("row-count")[0].one("span", title="30 in total").text


def test_row_has_the_icon_and_color_of_its_kind(open_page, client):
    """Each kind has its own icon; the name of the kind is beside it."""
    _set("@acme/chat", downloads=1)
    row = open_page("/").by_class("row")[0]
    assert "kind-bridge" in row.attrs["class"].split()
    assert row.by_class("kind-icon")[0].one("use").attrs["href"].endswith("#chat")
    assert row.by_class("row-kind")[0].text == "Bridge"
    sheet = (settings.BASE_DIR / "static/css/components.css").read_text(encoding="utf-8")
    icons = {labels.get_kind_icon(kind) for kind in KINDS}
    assert len(icons) == len(KINDS)
    assert [kind for kind in KINDS if f".kind-{kind} {{" not in sheet] == []


def test_row_has_the_command_that_installs_it(open_page):
    """In every list; the button is hidden until the script runs, and names the plugin."""
    _set("@acme/chat", downloads=1)
    for path in ("/", "/search", "/@acme"):
        for row in open_page(path).by_class("row"):
            name = row.one("h3").all("a")[0].raw
            line = row.one(data_copy="")
            assert line.one("code").raw == f"plugport install {name}"
            button = line.one("button")
            assert "hidden" in button.attrs
            assert button.text == f"Copy the command that installs {name}"


def test_row_leads_on(open_page, db):
    """A row links to the plugin, its categories and its owners."""
    _set("@acme/chat", downloads=1)
    assert open_page("/").by_class("row")[0].links == [
        "/plugins/@acme/chat",
        "/@acme",
        "/categories/communication",
    ]


def test_anonymous_visit_opens_no_session(client, db):
    """Reading sets no cookie."""
    for path in ("/", "/search", "/plugins/@acme/chat", "/docs"):
        assert not client.get(path).cookies
