"""The tabs of a plugin."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from marketplace.queries import plugin_detail
from registry.actions import flag_release, moderate_release
from registry.models import CheckRun, CheckState, DownloadCount, Release
from tests.functional.api.calls import AWS_KEY
from tests.functional.pages.dom import parse

CHAT = "/plugins/@acme/chat"
TALK = "/plugins/@acme/talk"
BASE = "/plugins/@acme/base"
OF_PLUGIN = ("versions", "dependents", "compare", "stats")
OF_RELEASE = ("dependencies", "files", "security")


@pytest.fixture(scope="module")
def _published(module_publisher):
    """Two releases of `@acme/chat`, and plugins that depend on each other."""
    publish = module_publisher.publish
    publish("bait", "1.0.0")
    publish("bait", "1.1.0")
    publish("gone", "1.0.0")
    publish("held", files={"key.txt": f"{AWS_KEY}\n"})
    # Its latest release does not depend on `bait`.
    publish("@acme/base", "0.9.0", dependencies={"plugins": {"bait": "*"}})
    for version in ("1.0.0", "1.1.0", "1.2.0", "2.0.0"):
        publish("@acme/base", version)
    needs = {"@acme/base": "^1.0.0", "@acme/chat": "^9.0.0", "elsewhere": "*"}
    publish(
        "@acme/talk",
        dependencies={"plugins": needs, "packages": {"left": "^1"}, "peer": {"node": ">=20"}},
        permissions={"network": ["api.example.test"], "filesystem": ["read:./data"]},
        files={"README.md": "x\n"},
    )
    needs = {"gone": "*", "bait": "^1.1.0", "held": "*", "bait-2": "*"}
    publish("@acme/rumor", dependencies={"plugins": needs})
    publish("@acme/gossip", dependencies={"plugins": {"bait": "^1.0.0", "gone": "^2.0.0"}})
    publish("@acme/chat", "1.0.0", tag="beta", files={"src/a.js": "x"})
    return publish("@acme/chat", "1.1.0")


@pytest.fixture
def two(db, _published, _module_packages):
    """The newer of two releases of `@acme/chat`."""
    return Release.objects.get(pk=_published.pk)


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


def _get_release(name, version="1.0.0"):
    return Release.objects.get(plugin__name=name, version=version)


@pytest.mark.parametrize("word", ["", *OF_PLUGIN, *OF_RELEASE])
def test_every_tab_is_a_page(open_page, two, word):
    """Each tab has the head and the facts, and is marked as current.

    A stored dist-tag with the name of the tab does not hide it.
    """
    if word:
        two.plugin.dist_tags.create(name=word, release=two)
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
    """Tabs of a release keep the version; tabs of the plugin do not."""
    page = open_page(f"{CHAT}/1.0.0/{word}")
    assert page.one("h1").text == "@acme / chat 1.0.0"
    assert "You are viewing 1.0.0. The latest version is 1.1.0 ." in page.text
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
    """An htmx request gets a fragment with a title; `Vary` separates the two in caches."""
    whole = client.get(f"{CHAT}/stats")
    part = client.get(f"{CHAT}/stats", headers={"HX-Request": "true"})
    assert "HX-Request" in whole.headers["Vary"]
    assert "HX-Request" in part.headers["Vary"]
    tree = parse(part.content.decode())
    assert tree.one("title").text == "@acme/chat · Stats · Plugport"
    assert not tree.all("html")
    assert tree.one(id="plugin").one(id="stats")


def test_dist_tags_lead_to_the_version(client, two):
    """A dist-tag redirects on every tab."""
    targets = {}
    for word in ("", "/security", "/files", "/files/src/a.js"):
        response = client.get(f"{CHAT}/beta{word}")
        targets[word] = (response.status_code, response.headers.get("Location"))
    assert targets == {word: (302, f"{CHAT}/1.0.0{word}") for word in targets}


def test_missing_objects(client, two):
    """Unknown files and versions get a 404 page."""
    paths = [
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
    ]
    assert _get_faults(client, paths, 404) == {}


def test_invalid_numbers(client, two):
    """Invalid parameters get a 400 page."""
    queries = ["versions?page=0", "dependents?page=x", "files?page=-1", "files/LICENSE?start=0"]
    assert _get_faults(client, [f"{CHAT}/{query}" for query in queries], 400) == {}


def _get_faults(client, paths, status):
    """Return the status of each path that is no page with this status and a heading."""
    responses = {path: client.get(path) for path in paths}
    return {
        path: response.status_code
        for path, response in responses.items()
        if response.status_code != status or not parse(response.content.decode()).one("h1").text
    }


def test_versions_in_pages(open_page, two, monkeypatch):
    """Versions are grouped by major version; a page beyond the end links to the first."""
    monkeypatch.setattr(plugin_detail, "VERSIONS_PER_PAGE", 3)
    page = open_page(f"{BASE}/versions")
    assert [h.text for h in page.one(id="versions").all("h3")] == ["2.x", "1.x"]
    assert f"{BASE}/compare?to=2.0.0" in page.links
    assert "?page=2" in page.links
    second = open_page(f"{BASE}/versions", page=2)
    assert [h.text for h in second.one(id="versions").all("h3")] == ["1.x", "0.x"]
    assert f"{BASE}/versions" in open_page(f"{BASE}/versions", page=9).by_class("empty")[0].links


def test_versions_that_satisfy_dependencies(open_page, two, owner):
    """The version an installation would choose: in range, not yanked, deprecated only as a last resort."""
    flag_release.yank_release(actor=owner, release=_get_release("@acme/base", "1.2.0"), reason="x")
    panel = open_page(f"{TALK}/dependencies").one(id="dependencies")
    rows = [row.text for row in panel.all("li")]
    assert rows == [
        "@acme/base ^1.0.0 Satisfied by 1.1.0",
        "@acme/chat ^9.0.0 No version in this registry is in this range",
        "elsewhere * Not found in this registry",
        "left ^1",
        "node >=20",
    ]
    assert panel.links == [BASE, f"{BASE}/1.1.0", CHAT]
    flag_release.deprecate_release(
        actor=owner, release=_get_release("@acme/base", "1.1.0"), message="x", replacement=""
    )
    assert "Satisfied by 1.0.0" in open_page(f"{TALK}/dependencies").text


def test_dependencies_that_are_blocked(open_page, two, moderator):
    """A blocked match is named, and its page explains why."""
    moderate_release.quarantine_release(
        actor=moderator, release=_get_release("gone"), reason="A fraud."
    )
    moderate_release.revoke_release(
        actor=moderator, release=_get_release("bait", "1.1.0"), reason="Malware."
    )
    panel = open_page("/plugins/@acme/rumor/dependencies").one(id="dependencies")
    assert [row.text for row in panel.all("li")] == [
        "bait ^1.1.0 Only 1.1.0 is in this range, and it is revoked",
        "bait-2 * Not found in this registry",
        "gone * Only 1.0.0 is in this range, and it is quarantined",
        "held * Not found in this registry",
    ]
    assert panel.links == [
        "/plugins/bait",
        "/plugins/bait/1.1.0",
        "/plugins/gone",
        "/plugins/gone/1.0.0",
    ]
    for link in panel.links:
        open_page(link)
    panel = open_page("/plugins/@acme/gossip/dependencies").one(id="dependencies")
    assert [row.text for row in panel.all("li")] == [
        "bait ^1.0.0 Satisfied by 1.0.0",
        "gone ^2.0.0 No version in this registry is in this range",
    ]


def test_no_dependencies(open_page, two):
    """An empty list has a message."""
    assert "This release has no dependencies" in open_page(f"{CHAT}/dependencies").text


def test_dependents(open_page, two, monkeypatch):
    """Plugins whose newest release needs it, with their range, paginated."""
    monkeypatch.setattr(plugin_detail, "DEPENDENTS_PER_PAGE", 1)
    assert (
        "No plugin in this registry depends on @acme/talk yet."
        in open_page(f"{TALK}/dependents").text
    )
    panel = open_page("/plugins/bait/dependents").one(id="dependents")
    assert "The latest release of 2 plugins depends on bait." in panel.text
    (row,) = panel.one("ul", class_="pairs").all("li")
    assert row.links == ["/plugins/@acme/rumor"]
    assert "needs ^1.1.0" in row.text
    second = open_page("/plugins/bait/dependents", page=2).one(id="dependents")
    assert second.one("ul", class_="pairs").links == ["/plugins/@acme/gossip"]
    assert open_page("/plugins/bait/dependents", page=9).by_class("empty")


def test_stats(open_page, two):
    """Downloads by day as chart and table, and by version."""
    empty = open_page(f"{CHAT}/stats").by_class("empty")[0]
    assert "No downloads in the last 90 days." in empty.text
    assert empty.links == ["/plugins/@acme/chat/dependents", "/docs/badges"]
    today = timezone.now().date()
    for days, count in ((0, 5), (3, 41), (200, 7)):
        day = today - dt.timedelta(days=days)
        DownloadCount.objects.create(release=two, day=day, count=count)
    Release.objects.filter(pk=two.pk).update(downloads=53)
    panel = open_page(f"{CHAT}/stats").one(id="stats")
    chart = panel.by_class("chart")[0]
    best = today - dt.timedelta(days=3)
    assert f"46 in total, with a maximum of 41 on {best}." in chart.attrs["aria-label"]
    assert len(chart.all("rect")) == 2
    cells = [row.text for row in panel.one("tbody").all("tr")]
    assert cells == [f"{today} 5", f"{best} 41"]
    assert panel.by_class("meters")[0].text == "1.1.0 53"


def test_security(open_page, two):
    """Permissions, checks with findings, publisher, policy and digests."""
    panel = open_page(f"{TALK}/security").one(id="security")
    assert "Reads files ./data" in panel.text
    assert "Connects to api.example.test" in panel.text
    others, passed = panel.all("ul", class_="checks")
    assert [strong.text for strong in others.all("strong")] == ["Manifest", "Required files"]
    titles = [strong.text for strong in passed.all("strong")]
    assert titles == ["Archive", "Size limits", "License", "Secrets"]
    assert "Verdict: All checks passed." in panel.text
    assert "Describe the purpose, configuration and usage in the README." in panel.text
    assert "readme-empty" in panel.text
    artifact = _get_release("@acme/talk").artifacts.get()
    assert artifact.sha256 in panel.text
    assert artifact.integrity in panel.text
    assert "Clients show a notice and install it." in panel.text
    assert "/@acme" in panel.links


def test_what_passed_is_one_line(open_page, two):
    """Collapsed, with the names of the checks; it comes after those with findings."""
    panel = open_page(f"{TALK}/security").one(id="security")
    passed = panel.one("details", class_="checks-passed")
    assert "open" not in passed.attrs
    assert passed.one("summary").text == ("4 checks passed Archive, Size limits, License, Secrets")
    assert panel.text.index("readme-empty") < panel.text.index("4 checks passed")
    CheckRun.objects.filter(release=_get_release("@acme/talk"), name="licence").update(
        state=CheckState.FAILED
    )
    panel = open_page(f"{TALK}/security").one(id="security")
    others = panel.all("ul", class_="checks")[0]
    assert [strong.text for strong in others.all("strong")] == [
        "Manifest",
        "Required files",
        "License",
    ]


@pytest.mark.parametrize("tab", ["files", "compare"])
def test_code_uses_the_width_of_the_page(open_page, two, tab):
    """The facts follow the code; on other tabs they are beside the text."""
    assert "is-wide" in open_page(f"{CHAT}/{tab}").one(id="plugin").attrs["class"]
    assert "is-wide" not in open_page(f"{CHAT}/versions").one(id="plugin").attrs["class"]


def test_no_permissions(open_page, two):
    """A release without permissions has a message."""
    panel = open_page(f"{CHAT}/security").one(id="security")
    assert "This release declares no permissions" in panel.text
    assert "No new permissions since 1.0.0." in panel.text
