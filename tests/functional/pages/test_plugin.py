"""A plugin's page: what one must know before installing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from registry.models import DownloadCount, Plugin, ReleaseContents


def _facts(page) -> dict[str, str]:
    rows = page.one("dl", class_="facts")
    return {row.one("dt").text: row.one("dd").text for row in rows.all("div")}


@pytest.fixture
def rich(publisher):
    """A plugin whose manifest says all that it can."""
    publisher.publish("@acme/base", "2.0.0")
    return publisher.publish(
        "@acme/chat",
        "1.2.0",
        kind="bridge",
        provides=["bidirectional"],
        repository="https://github.com/acme/chat",
        homepage="https://chat.example.test/",
        author={"name": "Mira", "url": "https://mira.example.test"},
        categories=["communication"],
        tags=["chat"],
        dependencies={"plugins": {"@acme/base": "^2.0.0", "elsewhere": "*"}},
        permissions={"network": ["api.example.test"], "filesystem": ["read:./data"]},
        files={"README.md": "# Chat\n\nTalks. See [the guide](docs/guide.md).\n"},
    )


def test_facts(open_page, rich):
    """Downloads, licence, kind, dialect, author, repository, time."""
    Plugin.objects.filter(name="@acme/chat").update(
        weekly_downloads=20_417, downloads=1_000_000, rating=4.25, rating_count=8
    )
    page = open_page("/plugins/@acme/chat")
    figures = page.by_class("plugin-figures")[0].text
    assert figures.startswith("20k downloads this week 4.3 of 5, 8 ratings MIT Updated just now")
    facts = _facts(page)
    assert facts["All downloads"] == "1M"
    assert facts["Licence"] == "MIT"
    assert facts["Kind"] == "Bridge"
    assert facts["Provides"] == "bidirectional"
    assert facts["Manifest"] == "Plugport plugport.yaml"
    assert facts["Owners"] == "acme"
    assert facts["Author, as the manifest says"].startswith("Mira")
    assert facts["Repository"] == "github.com/acme/chat"
    assert facts["Home page"] == "chat.example.test"
    assert facts["Published"] == "just now by acme"
    assert facts["Categories"] == "communication"


def test_what_the_registry_knows_stands_before_what_is_claimed(open_page, publisher):
    """A manifest may name anybody: owners come first, and the claim is called one."""
    publisher.publish("@acme/chat", author={"name": "Agent Relay"})
    facts = _facts(open_page("/plugins/@acme/chat"))
    assert facts["Author, as the manifest says"] == "Agent Relay"
    assert list(facts).index("Owners") < list(facts).index("Author, as the manifest says")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("word " * 20, ""),
        ("word " * 30, "is-narrow"),
        ("word " * 100, "is-wide"),
        ("字" * 70, "is-narrow"),
    ],
)
def test_long_descriptions_are_folded(open_page, publisher, text, length):
    """The badge stands before it, and it is there as a whole, once."""
    publisher.publish("@acme/chat", description=text)
    head = open_page("/plugins/@acme/chat").by_class("plugin-head")[0]
    assert [
        n.attrs.get("class", "").split()[0]
        for n in head.children
        if not isinstance(n, str) and n.tag != "h1"
    ][:2] == ["plugin-trust", "plugin-lead"]
    lead = head.by_class("plugin-lead")[0]
    assert lead.by_class("lead")[0].text == text.strip()
    assert lead.attrs["class"].split()[1:] == ([length] if length else [])
    assert len(lead.all("summary")) == bool(length)


def test_many_tags_are_folded(open_page, publisher):
    """The first are there at once, all of them at a click."""
    tags = [f"tag-{number:02}" for number in range(20)]
    publisher.publish("@acme/chat", tags=tags, categories=["one"])
    facts = open_page("/plugins/@acme/chat").one("dl", class_="facts")
    fold = facts.one("details")
    assert fold.one("summary").text == "12 more"
    assert [link.text for link in fold.all("a")] == tags[8:]
    assert [link for link in facts.links if "/tags/" in link] == [f"/tags/{tag}" for tag in tags]


def test_links_of_authors_are_marked(open_page, rich):
    """Addresses that strangers wrote carry no weight and no window."""
    page = open_page("/plugins/@acme/chat")
    outside = [a for a in page.all("a") if a.attrs.get("href", "").startswith("https://")]
    assert {a.attrs["href"] for a in outside} >= {
        "https://github.com/acme/chat",
        "https://chat.example.test/",
        "https://mira.example.test",
        "https://github.com/acme/chat/blob/HEAD/docs/guide.md",
    }
    assert {a.attrs["rel"] for a in outside} == {"nofollow noopener ugc"}


def test_badge_with_its_reason(open_page, rich):
    """The badge says why."""
    page = open_page("/plugins/@acme/chat")
    assert page.by_class("tone-community")[0].text == "Community"
    assert "All automated checks passed. Nobody has reviewed the code." in page.text


def test_install_line(open_page, rich):
    """One line to copy; the button waits for the script."""
    line = open_page("/plugins/@acme/chat").by_class("install")[0]
    assert line.one("code").text == "plugport install @acme/chat"
    assert "hidden" in line.one("button").attrs


def test_readme(open_page, rich):
    """Rendered, one level below the heading of its panel."""
    panel = open_page("/plugins/@acme/chat").one(id="readme")
    assert panel.one(id="readme-chat").tag == "h3"
    assert "Talks. See the guide ." in panel.text


def test_sparkline_says_its_numbers(open_page, rich):
    """Downloads by week, drawn and in words; nothing is drawn of nothing."""
    page = open_page("/plugins/@acme/chat")
    assert not page.by_class("spark")
    today = timezone.now().date()
    for days, count in ((0, 5), (6, 2), (7, 11), (100, 900)):
        day = today - dt.timedelta(days=days)
        DownloadCount.objects.create(release=rich, day=day, count=count)
    spark = open_page("/plugins/@acme/chat").by_class("spark")[0]
    assert spark.attrs["aria-label"] == (
        "Downloads of each of the last 12 weeks: 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 7."
    )
    assert len(spark.one("polyline").attrs["points"].split()) == 12


def test_other_ways_to_install(open_page, rich):
    """Exact version, another folder, this registry, and without a client: with the real digest."""
    lines = [line.one("code").text for line in open_page("/plugins/@acme/chat").by_class("install")]
    url = "http://127.0.0.1:8000/api/v1/plugins/@acme/chat/1.2.0/download"
    assert lines == [
        "plugport install @acme/chat",
        "plugport install @acme/chat@1.2.0",
        "plugport install @acme/chat@1.2.0 --target ./plugins",
        "export PLUGPORT_REGISTRY=http://127.0.0.1:8000",
        f"curl -fL -o acme-chat-1.2.0.tgz {url}",
        f"echo '{rich.artifacts.get().sha256} acme-chat-1.2.0.tgz' | sha256sum --check",
    ]


def test_alias_of_a_host(open_page, publisher):
    """Plugins of hosts whose command has the same verbs say how theirs works."""
    publisher.publish("@acme/chat")
    ReleaseContents.objects.update(manifest={"kind": "service", "dialect": "cortex"})
    lines = [line.one("code").text for line in open_page("/plugins/@acme/chat").by_class("install")]
    assert "alias cortex=plugport" in lines
    assert "cortex plugin install @acme/chat" in lines


def test_gained_permissions_are_called_out(open_page, publisher):
    """Before installing, with a way to compare; not where nothing is gained."""
    publisher.publish("@acme/chat", "1.0.0", permissions={"network": ["*.example.test"]})
    publisher.publish("@acme/chat", "1.1.0", permissions={"network": ["a.example.test"]})
    assert not open_page("/plugins/@acme/chat").all(id="gains")
    asked = {"network": ["a.example.test", "b.example.test"], "exec": ["git"]}
    publisher.publish("@acme/chat", "1.2.0", permissions=asked)
    notice = open_page("/plugins/@acme/chat").one(id="gains")
    assert "1.2.0 may do more than 1.1.0." in notice.text
    assert "Connects to: b.example.test Runs programs: git" in notice.text
    assert notice.links == ["/plugins/@acme/chat/compare?from=1.1.0&to=1.2.0"]
    assert not open_page("/plugins/@acme/chat/1.0.0").all(id="gains")


def test_unscoped_name(open_page, publisher):
    """A name without a scope has its page as well."""
    publisher.publish("vault")
    assert open_page("/plugins/vault").one("h1").text == "vault 1.0.0"


def test_page_of_a_version(open_page, publisher):
    """An older version has a page of its own, which says so and installs exactly it."""
    publisher.publish("@acme/chat", "1.0.0")
    publisher.publish("@acme/chat", "1.1.0")
    page = open_page("/plugins/@acme/chat/1.0.0")
    assert "This is 1.0.0. The latest version is 1.1.0 ." in page.text
    assert page.by_class("install")[0].one("code").text == "plugport install @acme/chat@1.0.0"
    assert page.one("link", rel="canonical").attrs["href"].endswith("/plugins/@acme/chat/1.0.0")


def test_page_of_the_latest_version_is_the_plugins(open_page, publisher):
    """Two addresses of the same page name one of them."""
    publisher.publish("@acme/chat", "1.0.0")
    page = open_page("/plugins/@acme/chat/1.0.0")
    assert page.one("link", rel="canonical").attrs["href"].endswith("/plugins/@acme/chat")
    assert page.by_class("install")[0].one("code").text == "plugport install @acme/chat"


def test_dist_tag_leads_to_its_version(client, publisher):
    """A moving name redirects, so that what is shared stays true."""
    publisher.publish("@acme/chat", "1.0.0")
    publisher.publish("@acme/chat", "2.0.0-rc.1", tag="beta")
    answer = client.get("/plugins/@acme/chat/beta")
    assert answer.status_code == 302
    assert answer.url == "/plugins/@acme/chat/2.0.0-rc.1"


def test_version_with_build(open_page, publisher):
    """A plus sign in a version survives the address."""
    publisher.publish("@acme/chat", "1.0.0+linux.7")
    row = open_page("/plugins/@acme/chat/versions").one(id="versions").all("a")[0]
    assert row.attrs["href"] == "/plugins/@acme/chat/1.0.0+linux.7"
    assert open_page(row.attrs["href"]).by_class("version")[0].text == "1.0.0+linux.7"


@pytest.mark.parametrize(
    "path",
    [
        "/plugins/nope",
        "/plugins/@acme/nope",
        "/plugins/UPPER",
        "/plugins/" + "x" * 3000,
        "/plugins/%00",
        "/plugins/@acme/chat/9.9.9",
        "/plugins/@acme/chat/%00",
        "/plugins/@acme/chat/1.0.0/extra",
    ],
)
def test_what_is_not_there(open_page, publisher, path):
    """404 as a page, whatever the address says."""
    publisher.publish("@acme/chat", "1.0.0")
    assert open_page(path, status=404).one("h1").text


def test_text_of_authors_is_escaped(open_page, publisher):
    """Markup in a manifest is text on the page."""
    bold = "<b onclick=alert(1)>bold</b>"
    publisher.publish("@acme/chat", description=bold, author={"name": bold}, tags=["<i>"])
    page = open_page("/plugins/@acme/chat")
    assert not page.all("b")
    assert page.by_class("lead")[0].text == bold
    assert bold in open_page("/").text


def test_edited_link_that_is_no_web_address(open_page, publisher):
    """Only http and https become links, whatever the stored document holds."""
    publisher.publish("@acme/chat")
    edits = {"homepage": "javascript:alert(1)", "repository": {"url": "ssh://git@host/x"}}
    Plugin.objects.update(metadata=edits)
    page = open_page("/plugins/@acme/chat")
    assert "javascript:alert(1)" not in page.links
    assert _facts(page)["Repository"] == "ssh://git@host/x"
    assert not [link for link in page.links if link.startswith("ssh:")]


@pytest.mark.parametrize("version", ["%00", "1.2.0%00", "%FF", "9" * 300])
def test_versions_that_cannot_be(client, rich, version):
    """Nothing in an address breaks the query, on any database."""
    assert client.get(f"/plugins/@acme/chat/{version}").status_code == 404


def test_display_name_stands_before_the_description(open_page, publisher):
    """What a search found it by can be seen on its page."""
    publisher.publish(displayName="Chat of Acme", description="Talks.")
    assert open_page("/plugins/@acme/chat").by_class("lead")[0].text.startswith("Chat of Acme")
