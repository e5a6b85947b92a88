"""A plugin's page: what one must know before installing."""

from __future__ import annotations

import pytest

from registry.models import Plugin


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
    """Version, downloads, licence, kind, dialect, author, repository, time."""
    Plugin.objects.filter(name="@acme/chat").update(weekly_downloads=20_417)
    facts = _facts(open_page("/plugins/@acme/chat"))
    assert facts["Weekly downloads"] == "20k"
    assert facts["Version"] == "1.2.0"
    assert facts["Licence"] == "MIT"
    assert facts["Kind"] == "Bridge"
    assert facts["Provides"] == "bidirectional"
    assert facts["Manifest"] == "Plugport plugport.yaml"
    assert facts["Author"].startswith("Mira")
    assert facts["Owners"] == "acme"
    assert facts["Repository"] == "github.com/acme/chat"
    assert facts["Home page"] == "chat.example.test"
    assert facts["Last updated"] == "just now"
    assert facts["Categories"] == "communication"
    assert facts["SHA-256 of the package"] == rich.artifacts.get().sha256


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
    """Rendered, one level below the page's own heading."""
    panel = open_page("/plugins/@acme/chat").one(id="readme")
    assert panel.one(id="readme-chat").tag == "h2"
    assert "Talks. See the guide ." in panel.text


def test_dependencies(open_page, rich):
    """What this registry has is linked, the rest is named."""
    panel = open_page("/plugins/@acme/chat").one(id="dependencies")
    assert panel.links == ["/plugins/@acme/base"]
    assert "elsewhere *" in panel.text
    assert "^2.0.0" in panel.text


def test_files(open_page, rich):
    """Every file with its size."""
    panel = open_page("/plugins/@acme/chat").one(id="files")
    rows = {row.all("td")[0].text: row.all("td")[1].text for row in panel.all("tr")[1:]}
    assert set(rows) == {"CHANGELOG.md", "LICENSE", "README.md", "index.js", "plugport.yaml"}
    assert rows["index.js"] == "19 B"


def test_permissions_in_words(open_page, rich):
    """What it asks for, as sentences."""
    panel = open_page("/plugins/@acme/chat").one(id="permissions")
    assert "Reads files ./data" in panel.text
    assert "Connects to api.example.test" in panel.text


def test_no_permissions(open_page, publisher):
    """Asking for nothing is said, not left out."""
    publisher.publish("@acme/quiet")
    panel = open_page("/plugins/@acme/quiet").one(id="permissions")
    assert "It declares no permissions" in panel.text


def test_checks_in_words(open_page, publisher):
    """Each check, its state, its findings with the place and the advice."""
    publisher.publish("@acme/chat", files={"README.md": "x\n"})
    panel = open_page("/plugins/@acme/chat").one(id="checks")
    titles = [
        item.all("strong")[0].text
        for item in panel.one("ul", class_="checks").all("li")
        if item.all("strong")
    ]
    assert titles == ["Archive", "Manifest", "Size limits", "Required files", "Licence", "Secrets"]
    assert "Verdict: All checks passed." in panel.text
    assert "Describe purpose, configuration and use in the README." in panel.text
    assert "readme-empty" in panel.text


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
    row = open_page("/plugins/@acme/chat").one(id="versions").all("a")[0]
    assert row.attrs["href"] == "/plugins/@acme/chat/1.0.0+linux.7"
    assert open_page(row.attrs["href"]).by_class("version")[0].text == "1.0.0+linux.7"


@pytest.mark.parametrize(
    "path",
    [
        "/plugins/nope",
        "/plugins/@acme/nope",
        "/plugins/@acme",
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


def test_very_many_files_are_cut(open_page, publisher):
    """A page stays a page; the rest is counted and can be asked for."""
    publisher.publish("@acme/big", files={f"data/{n:04}.txt": "x" for n in range(1_200)})
    panel = open_page("/plugins/@acme/big").one(id="files")
    assert len(panel.all("tr")) == 1 + 1_000
    assert "And 205 more." in panel.text


@pytest.mark.parametrize("version", ["%00", "1.2.0%00", "%FF", "9" * 300])
def test_versions_that_cannot_be(client, rich, version):
    """Nothing in an address breaks the query, on any database."""
    assert client.get(f"/plugins/@acme/chat/{version}").status_code == 404
