"""The tabs of a plugin: pages of their own with the same head."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from marketplace import plugin_queries
from registry.actions import flag_release, moderate_release
from registry.models import DownloadCount, Release
from tests.functional.api.calls import AWS_KEY
from tests.functional.pages.dom import parse

CHAT = "/plugins/@acme/chat"
OF_PLUGIN = ("versions", "dependents", "compare", "stats")
OF_RELEASE = ("dependencies", "files", "security")


@pytest.fixture
def two(publisher):
    """Two releases of `@acme/chat`."""
    publisher.publish("@acme/chat", "1.0.0")
    return publisher.publish("@acme/chat", "1.1.0")


@pytest.mark.parametrize("word", ["", *OF_PLUGIN, *OF_RELEASE])
def test_every_tab_is_a_page(open_page, two, word):
    """With the head, the facts, and itself marked."""
    page = open_page(f"{CHAT}/{word}" if word else CHAT)
    assert page.one("h1").text == "@acme / chat 1.1.0"
    assert page.by_class("plugin-facts")
    current = [a for a in page.one("nav", class_="tabs").all("a") if "aria-current" in a.attrs]
    assert [a.attrs["aria-current"] for a in current] == ["page"]
    assert current[0].attrs["href"] == (f"{CHAT}/{word}" if word else CHAT)
    assert page.one("link", rel="canonical").attrs["href"].endswith(current[0].attrs["href"])
    assert page.one(id=word or "readme").text


@pytest.mark.parametrize("word", OF_RELEASE)
def test_tabs_of_an_older_release(open_page, two, word):
    """They stay at that release; those of the plugin lead to the plugin."""
    page = open_page(f"{CHAT}/1.0.0/{word}")
    assert page.one("h1").text == "@acme / chat 1.0.0"
    assert "This is 1.0.0. The latest version is 1.1.0 ." in page.text
    links = page.one("nav", class_="tabs").links
    assert links == [
        f"{CHAT}/1.0.0",
        f"{CHAT}/versions",
        f"{CHAT}/1.0.0/dependencies",
        f"{CHAT}/dependents",
        f"{CHAT}/1.0.0/files",
        f"{CHAT}/compare",
        f"{CHAT}/1.0.0/security",
        f"{CHAT}/stats",
    ]


def test_swapped_in_place(client, two):
    """The same page without the site around it, with its title; caches keep the two apart."""
    whole = client.get(f"{CHAT}/stats")
    part = client.get(f"{CHAT}/stats", headers={"HX-Request": "true"})
    assert "HX-Request" in whole.headers["Vary"]
    assert "HX-Request" in part.headers["Vary"]
    tree = parse(part.content.decode())
    assert tree.one("title").text == "@acme/chat · Stats · Plugport"
    assert not tree.all("html")
    assert tree.one(id="plugin").one(id="stats")


@pytest.mark.parametrize("word", ["", "/security", "/files", "/files/src/a.js"])
def test_dist_tags_lead_to_the_version(client, publisher, word):
    """Whatever tab is asked for."""
    publisher.publish("@acme/chat", "1.0.0", tag="beta", files={"src/a.js": "x"})
    answer = client.get(f"{CHAT}/beta{word}")
    assert answer.status_code == 302
    assert answer.url == f"{CHAT}/1.0.0{word}"


@pytest.mark.parametrize("word", [*OF_PLUGIN, *OF_RELEASE])
def test_words_win_over_dist_tags(open_page, two, word):
    """A tag of an older registry that is called like a tab does not hide the tab."""
    two.plugin.dist_tags.create(name=word, release=two)
    assert open_page(f"{CHAT}/{word}").one(id=word)


@pytest.mark.parametrize(
    "path",
    [
        "/plugins/nope/versions",
        f"{CHAT}/9.9.9/files",
        f"{CHAT}/files/nope.txt",
        f"{CHAT}/files/..",
        f"{CHAT}/files/%00",
        f"{CHAT}/files/CHANGELOG.md/x",
        f"{CHAT}/1.0.0/versions",
        f"{CHAT}/compare?to=9.9.9",
        f"{CHAT}/compare?from=9.9.9",
        f"{CHAT}/compare?file=LICENSE",
    ],
)
def test_what_is_not_there(open_page, two, path):
    """404 as a page."""
    assert open_page(path, status=404).one("h1").text


@pytest.mark.parametrize(
    "query", ["versions?page=0", "dependents?page=x", "files?page=-1", "files/LICENSE?start=0"]
)
def test_numbers_that_are_none(open_page, two, query):
    """400 as a page."""
    assert open_page(f"{CHAT}/{query}", status=400).one("h1").text


def test_versions_in_pages(open_page, publisher, monkeypatch):
    """Grouped by major version; a page that is not there leads to the first."""
    monkeypatch.setattr(plugin_queries, "VERSIONS_A_PAGE", 2)
    for version in ("0.9.0", "1.0.0", "1.1.0", "2.0.0"):
        publisher.publish("@acme/chat", version)
    page = open_page(f"{CHAT}/versions")
    assert [h.text for h in page.one(id="versions").all("h3")] == ["2.x", "1.x"]
    assert f"{CHAT}/compare?to=2.0.0" in page.links
    assert "?page=2" in page.links
    second = open_page(f"{CHAT}/versions", page=2)
    assert [h.text for h in second.one(id="versions").all("h3")] == ["1.x", "0.x"]
    assert f"{CHAT}/versions" in open_page(f"{CHAT}/versions", page=9).by_class("empty")[0].links


def test_who_satisfies_dependencies(open_page, publisher, owner):
    """What an installation would take: in range, not yanked, not deprecated if there is another."""
    for version in ("1.0.0", "1.1.0", "1.2.0", "2.0.0"):
        publisher.publish("@acme/base", version)
    publisher.publish("old", "0.1.0")
    needs = {"@acme/base": "^1.0.0", "old": "^1.0.0", "elsewhere": "*"}
    publisher.publish(
        "@acme/chat",
        dependencies={"plugins": needs, "packages": {"left": "^1"}, "peer": {"node": ">=20"}},
    )
    releases = {r.version: r for r in Release.objects.filter(plugin__name="@acme/base")}
    flag_release.yank_release(actor=owner, release=releases["1.2.0"], reason="x")
    panel = open_page(f"{CHAT}/dependencies").one(id="dependencies")
    rows = [row.text for row in panel.all("li")]
    assert rows == [
        "@acme/base ^1.0.0 satisfied by 1.1.0",
        "elsewhere * nobody in this registry satisfies it",
        "old ^1.0.0 no version here is in this range",
        "left ^1",
        "node >=20",
    ]
    assert panel.links == ["/plugins/@acme/base", "/plugins/@acme/base/1.1.0", "/plugins/old"]
    flag_release.deprecate_release(
        actor=owner, release=releases["1.1.0"], message="x", replacement=""
    )
    assert "satisfied by 1.0.0" in open_page(f"{CHAT}/dependencies").text


def test_dependencies_that_are_blocked(open_page, publisher, moderator):
    """It is said that they are, and their page says why."""
    gone = publisher.publish("gone", "1.0.0")
    publisher.publish("bait", "1.0.0")
    bait = publisher.publish("bait", "1.1.0")
    moderate_release.quarantine_release(actor=moderator, release=gone, reason="A fraud.")
    moderate_release.revoke_release(actor=moderator, release=bait, reason="Malware.")
    publisher.publish("held", files={"key.txt": f"{AWS_KEY}\n"})
    publisher.publish(
        "@acme/chat",
        dependencies={"plugins": {"gone": "*", "bait": "^1.1.0", "held": "*", "bait-2": "*"}},
    )
    publisher.publish("@acme/talk", dependencies={"plugins": {"bait": "^1.0.0", "gone": "^2.0.0"}})
    panel = open_page(f"{CHAT}/dependencies").one(id="dependencies")
    assert [row.text for row in panel.all("li")] == [
        "bait ^1.1.0 only 1.1.0 would fit, which is revoked",
        "bait-2 * nobody in this registry satisfies it",
        "gone * only 1.0.0 would fit, which is quarantined",
        "held * nobody in this registry satisfies it",
    ]
    assert panel.links == [
        "/plugins/bait",
        "/plugins/bait/1.1.0",
        "/plugins/gone",
        "/plugins/gone/1.0.0",
    ]
    for link in panel.links:
        open_page(link)
    panel = open_page("/plugins/@acme/talk/dependencies").one(id="dependencies")
    assert [row.text for row in panel.all("li")] == [
        "bait ^1.0.0 satisfied by 1.0.0",
        "gone ^2.0.0 no version here is in this range",
    ]


def test_no_dependencies(open_page, two):
    """Said, not left out."""
    assert "It depends on nothing" in open_page(f"{CHAT}/dependencies").text


def test_dependents(open_page, publisher, monkeypatch):
    """Those whose newest release needs it, with the range they want, in pages."""
    monkeypatch.setattr(plugin_queries, "DEPENDENTS_A_PAGE", 2)
    publisher.publish("@acme/chat")
    assert "No plugin in this registry needs it yet." in open_page(f"{CHAT}/dependents").text
    for number in range(3):
        publisher.publish(f"user-{number}", dependencies={"plugins": {"@acme/chat": "^1.0.0"}})
    publisher.publish("former", "1.0.0", dependencies={"plugins": {"@acme/chat": "*"}})
    publisher.publish("former", "2.0.0")
    panel = open_page(f"{CHAT}/dependents").one(id="dependents")
    assert "3 plugins need @acme/chat" in panel.text
    assert len(panel.one("ul", class_="pairs").all("li")) == 2
    assert "wants ^1.0.0" in panel.text
    assert open_page(f"{CHAT}/dependents", page=9).by_class("empty")


def test_stats(open_page, two):
    """Downloads by day as drawing and table, and by version."""
    empty = open_page(f"{CHAT}/stats").by_class("empty")[0]
    assert "Nobody has downloaded it in the last 90 days." in empty.text
    assert empty.links == ["/plugins/@acme/chat/dependents", "/docs/badges"]
    today = timezone.now().date()
    for days, count in ((0, 5), (3, 41), (200, 7)):
        day = today - dt.timedelta(days=days)
        DownloadCount.objects.create(release=two, day=day, count=count)
    Release.objects.filter(pk=two.pk).update(downloads=53)
    panel = open_page(f"{CHAT}/stats").one(id="stats")
    chart = panel.by_class("chart")[0]
    best = today - dt.timedelta(days=3)
    assert f"46 in all, most on {best} with 41." in chart.attrs["aria-label"]
    assert len(chart.all("rect")) == 2
    cells = [row.text for row in panel.one("tbody").all("tr")]
    assert cells == [f"{today} 5", f"{best} 41"]
    assert panel.by_class("meters")[0].text == "1.1.0 53"


def test_security(open_page, publisher):
    """Permissions in words, checks with findings, publisher, policy and digests."""
    release = publisher.publish(
        "@acme/chat",
        permissions={"network": ["api.example.test"], "filesystem": ["read:./data"]},
        files={"README.md": "x\n"},
    )
    panel = open_page(f"{CHAT}/security").one(id="security")
    assert "Reads files ./data" in panel.text
    assert "Connects to api.example.test" in panel.text
    names = panel.one("ul", class_="checks").all("strong")
    titles = [strong.text for strong in names]
    assert titles == ["Archive", "Manifest", "Size limits", "Required files", "Licence", "Secrets"]
    assert "Verdict: All checks passed." in panel.text
    assert "Describe purpose, configuration and use in the README." in panel.text
    assert "readme-empty" in panel.text
    artifact = release.artifacts.get()
    assert artifact.sha256 in panel.text
    assert artifact.integrity in panel.text
    assert "Clients install it with a notice." in panel.text
    assert "/users/acme" in panel.links


def test_no_permissions(open_page, two):
    """Asking for nothing is said, not left out."""
    panel = open_page(f"{CHAT}/security").one(id="security")
    assert "It declares no permissions" in panel.text
    assert "Nothing more than 1.0.0." in panel.text
