"""The page of a plugin."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import OwnerDomain
from registry.models import Dependency, DownloadCount, Plugin, Release, ReleaseContents
from tests.functional.pages.dom import parse


def _facts(page) -> dict[str, str]:
    groups = page.all("dl", class_="facts")
    rows = [row for group in groups for row in group.all("div")]
    return {row.one("dt").text: row.one("dd").text for row in rows}


def _links(page) -> list[str]:
    return [row.text for row in page.one("ul", class_="facts-links").all("li")]


TAGS = [f"tag-{number:02}" for number in range(20)]
BOLD = "<b onclick=alert(1)>bold</b>"


@pytest.fixture(scope="module")
def _published(module_publisher):
    """A plugin with every field of the manifest, and some that are special in one way each."""
    publish = module_publisher.publish
    publish("@acme/base", "2.0.0")
    publish("@acme/plain", displayName="Chat of Acme", description="Talks.", tags=TAGS)
    publish("@acme/hostile", description=BOLD, author={"name": BOLD}, tags=["<i>"])
    publish("vault", "1.0.0+linux.7", author={"name": "Agent Relay"})
    permissions = {"network": ["*.example.test"]}
    publish("@acme/talk", "1.0.0", permissions=permissions)
    permissions = {"network": ["a.example.test"]}
    publish("@acme/talk", "1.1.0", permissions=permissions)
    permissions = {"network": ["a.example.test", "b.example.test"], "exec": ["git"]}
    publish("@acme/talk", "1.2.0", permissions=permissions)
    publish("@acme/talk", "2.0.0-rc.1", tag="beta")
    return publish(
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


@pytest.fixture
def rich(db, _published, _module_packages):
    return Release.objects.get(pk=_published.pk)


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


def test_facts(open_page, rich):
    """Downloads, license, kind, manifest format, author, repository, time."""
    now = timezone.now()
    Release.objects.filter(pk=rich.pk).update(published_at=now)
    Plugin.objects.filter(name="@acme/chat").update(
        updated_at=now, weekly_downloads=20_417, downloads=1_000_000, rating=4.25, rating_count=8
    )
    page = open_page("/plugins/@acme/chat")
    figures = page.by_class("plugin-figures")[0].text
    assert figures.startswith(
        "20k downloads this week 4.3 out of 5, 8 ratings MIT Updated just now"
    )
    facts = _facts(page)
    assert facts["Total downloads"] == "1M"
    assert facts["License"] == "MIT"
    assert facts["Kind"] == "Bridge"
    assert facts["Provides"] == "bidirectional"
    assert facts["Manifest format"] == "Plugport plugport.yaml"
    assert facts["Owner"] == "acme Members and roles"
    assert facts["Unverified author"].startswith("Mira")
    assert _links(page) == [
        "Repository: github.com/acme/chat",
        "Homepage: chat.example.test",
        "Feed of releases",
        "Badges",
        "Claim this plugin",
        "Report this plugin",
    ]
    assert facts["Published"] == "just now by acme"
    assert facts["Categories"] == "communication"


def test_no_zero_is_shown_as_a_number_of_downloads(open_page, rich):
    """A week without downloads shows the total; a plugin without any says so."""
    figures = open_page("/plugins/@acme/base").by_class("plugin-figures")[0].text
    assert figures.startswith("No downloads yet")
    Plugin.objects.filter(name="@acme/base").update(downloads=30)
    figures = open_page("/plugins/@acme/base").by_class("plugin-figures")[0].text
    assert figures.startswith("30 downloads in total")
    dependents = open_page("/plugins/@acme/base/dependents").by_class("pair-value")[0].text
    assert dependents == "needs ^2.0.0"
    Plugin.objects.filter(name="@acme/chat").update(weekly_downloads=4)
    dependents = open_page("/plugins/@acme/base/dependents").by_class("pair-value")[0].text
    assert dependents == "needs ^2.0.0 · 4 downloads this week /week"


def test_owners_come_before_the_unverified_author(open_page, rich):
    """Owners come before the unverified author, which is labeled as such."""
    facts = _facts(open_page("/plugins/vault"))
    author = "Agent Relay Named by the manifest. Not checked by the registry."
    assert facts["Unverified author"] == author
    assert list(facts)[:2] == ["Owner", "Unverified author"]


def _prove(owner, *names) -> None:
    for name in names:
        OwnerDomain.objects.create(
            owner=owner.owner, domain=name, token="x", verified_at=timezone.now()
        )


def test_what_the_publisher_has_proven_is_near_its_name(open_page, rich, owner):
    page = open_page("/plugins/@acme/chat")
    assert page.by_class("verified") == []
    assert not any("Verified" in link for link in _links(page))
    _prove(owner, "acme.example", "github.com/acme")
    page = open_page("/plugins/@acme/chat")
    assert _facts(page)["Owner"] == (
        "acme Verified domain acme.example Verified account github.com/acme Members and roles"
    )
    assert {mark.one("a").attrs["href"] for mark in page.by_class("verified")} == {"/@acme"}
    assert "Verified: acme has proven github.com/acme." in _links(page)[0]


def test_the_page_shows_few_proofs_in_the_same_queries(client, rich, owner):
    counts = []
    for names in (["a.example"], [f"{number}.example" for number in range(9)]):
        _prove(owner, *names)
        with CaptureQueriesContext(connection) as queries:
            page = parse(client.get("/plugins/@acme/chat").content.decode())
        counts.append(len(queries))
    assert len(page.by_class("verified")) == 3
    assert "7 more" in _facts(page)["Owner"]
    assert counts == [7, 7]


def test_facts_are_in_groups(open_page, rich):
    """Each group is a section with a heading."""
    page = open_page("/plugins/@acme/chat")
    sections = page.one("aside", class_="plugin-facts").all("section")
    titles = [section.one("h2").text for section in sections]
    assert titles == ["Trust and owners", "Links", "Technical"]
    assert [page.one(id=section.attrs["aria-labelledby"]).text for section in sections] == titles


def test_head_names_owner_license_and_repository(open_page, rich):
    """On narrow screens the facts come after the README, so the head has the most important ones."""
    head = open_page("/plugins/@acme/chat").by_class("plugin-head")[0]
    assert head.by_class("plugin-brief")[0].text == "by acme github.com/acme/chat"
    assert "MIT" in head.by_class("plugin-figures")[0].text


def test_what_it_may_do_follows_the_install_command(open_page, rich):
    """Permissions in plain words; a plugin without permissions says so."""
    head = open_page("/plugins/@acme/chat").by_class("plugin-head")[0]
    classes = [node.attrs.get("class") for node in head.children if not isinstance(node, str)]
    assert classes[-2:] == ["plugin-install", "needs"]
    chips = [chip.text for chip in head.by_class("permission-chips")[0].all("li")]
    assert chips == ["Reads files ./data", "Connects to api.example.test"]
    needs = head.by_class("needs")[0]
    assert needs.links == ["/plugins/@acme/chat/security#permissions"]
    bare = open_page("/plugins/@acme/base").by_class("needs")[0]
    assert bare.text.startswith(
        "Permissions None declared: no files, network, programs or environment variables."
    )


def test_permission_for_everything_is_in_words(open_page, rich):
    """`*` is written out and marked; long lists are cut."""
    permissions = {"network": ["*"], "exec": ["a", "b", "c", "d", "e"]}
    ReleaseContents.objects.update(manifest={"kind": "service", "permissions": permissions})
    page = open_page("/plugins/@acme/talk")
    chips = page.by_class("permission-chips")[0].all("li")
    assert [(chip.text, chip.attrs.get("class", "")) for chip in chips] == [
        ("Connects to any host", "is-unlimited"),
        ("Runs programs a , b , c and 2 more", ""),
    ]
    security = open_page("/plugins/@acme/talk/security").one(id="security")
    assert "Connects to any host ( * )" in security.text


def test_configuration_keys(open_page, rich):
    """Required and optional keys with their descriptions; no section without any."""
    assert not open_page("/plugins/@acme/chat").all(id="configuration")
    properties = {
        "TOKEN": {"type": "string", "description": "Bot token <b>", "secret": True},
        "room": {"type": "string", "default": "general"},
    }
    config = {"schema": {"properties": properties}, "required": ["TOKEN"], "optional": ["room"]}
    ReleaseContents.objects.update(manifest={"kind": "service", "config": config})
    section = open_page("/plugins/@acme/talk").one(id="configuration")
    assert section.one("summary").text == "Requires TOKEN ; 1 optional key"
    rows = section.one("dl").all("div")
    assert [(row.one("dt").text, row.one("dd").text) for row in rows] == [
        ("TOKEN string Required Secret", "Bot token <b>"),
        ("room string Optional", 'No description. Default: "general"'),
    ]


def test_dependents_are_counted(open_page, rich):
    """The tab has the number that its page lists."""
    tab = open_page("/plugins/@acme/base").one(id="tab-dependents")
    assert tab.text == "Dependents 1"
    assert open_page("/plugins/vault").one(id="tab-dependents").text == "Dependents"
    Plugin.objects.filter(name="@acme/chat").update(is_listed=False)
    assert open_page("/plugins/@acme/base").one(id="tab-dependents").text == "Dependents"


def test_count_of_dependents_has_a_bound(open_page, rich):
    """The query stops counting, so that the page of a popular plugin stays fast."""
    chat = Plugin.objects.get(name="@acme/chat")
    copies = [
        Plugin(name=f"p{n}", collision_key=f"p{n}", is_listed=True, document={"name": f"p{n}"})
        for n in range(1_005)
    ]
    plugins = Plugin.objects.bulk_create(copies)
    releases = Release.objects.bulk_create(
        Release(
            plugin=plugin,
            version="1.0.0",
            precedence="1.0.0",
            sort_key=rich.sort_key,
            state="published",
            published_by=rich.published_by,
        )
        for plugin in plugins
    )
    Dependency.objects.bulk_create(
        Dependency(release=release, name=chat.name, range="*") for release in releases
    )
    for plugin, release in zip(plugins, releases, strict=True):
        plugin.latest = release
    Plugin.objects.bulk_update(plugins, ["latest"], batch_size=200)
    assert open_page("/plugins/@acme/chat").one(id="tab-dependents").text == "Dependents 1,000+"


def test_report_leads_to_the_contact(open_page, rich, settings):
    """Without a contact, the link leads to the page that says what to do."""
    links = open_page("/plugins/@acme/chat").one("ul", class_="facts-links")
    assert links.all("li")[-1].text == "Report this plugin"
    assert links.links[-1] == "/contact"
    settings.SECURITY_CONTACTS = ["abuse@registry.example", "https://registry.example/report"]
    links = open_page("/plugins/@acme/chat").one("ul", class_="facts-links")
    assert links.all("li")[-1].text == "Report this plugin"
    assert links.links[-1] == "mailto:abuse@registry.example"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("word " * 20, ""),
        ("word " * 30, "is-narrow"),
        ("word " * 100, "is-wide"),
        ("字" * 70, "is-narrow"),
    ],
)
def test_long_descriptions_are_folded(open_page, rich, text, length):
    """The badge comes before the description, which appears once and complete."""
    Plugin.objects.filter(name="@acme/talk").update(metadata={"description": text.strip()})
    head = open_page("/plugins/@acme/talk").by_class("plugin-head")[0]
    assert [
        n.attrs.get("class", "").split()[0]
        for n in head.children
        if not isinstance(n, str) and n.tag != "h1"
    ][:2] == ["plugin-trust", "plugin-lead"]
    lead = head.by_class("plugin-lead")[0]
    assert lead.by_class("lead")[0].text == text.strip()
    assert lead.attrs["class"].split()[1:] == ([length] if length else [])
    assert len(lead.all("summary")) == bool(length)


def test_many_tags_are_folded(open_page, rich):
    """Eight are visible, the others are collapsed."""
    facts = open_page("/plugins/@acme/plain").one("aside", class_="plugin-facts")
    fold = facts.one("details")
    assert fold.one("summary").text == "12 more"
    assert [link.text for link in fold.all("a")] == TAGS[8:]
    assert [link for link in facts.links if "/tags/" in link] == [f"/tags/{tag}" for tag in TAGS]


def test_links_of_authors_are_marked(open_page, rich):
    """External links have `nofollow`, `noopener` and `ugc`."""
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
    """The badge explains itself."""
    page = open_page("/plugins/@acme/chat")
    assert page.by_class("tone-community")[0].text == "Community"
    assert "Passed all automated checks. Nobody has reviewed the code." in page.text


def test_install_command(open_page, rich):
    """The command can be copied; the button is hidden until the script runs."""
    line = open_page("/plugins/@acme/chat").by_class("install")[0]
    assert line.one("code").text == "plugport install @acme/chat"
    assert "hidden" in line.one("button").attrs


def test_readme(open_page, rich):
    """The README is rendered, one heading level below the panel."""
    panel = open_page("/plugins/@acme/chat").one(id="readme")
    assert panel.one(id="readme-chat").tag == "h3"
    assert "Talks. See the guide ." in panel.text


def test_sparkline_has_a_text_alternative(open_page, rich):
    """The sparkline has a text alternative and is absent without downloads."""
    page = open_page("/plugins/@acme/chat")
    assert not page.by_class("spark")
    today = timezone.now().date()
    for days, count in ((0, 5), (6, 2), (7, 11), (100, 900)):
        day = today - dt.timedelta(days=days)
        DownloadCount.objects.create(release=rich, day=day, count=count)
    spark = open_page("/plugins/@acme/chat").by_class("spark")[0]
    assert spark.attrs["aria-label"] == (
        "Downloads in each of the last 12 weeks: 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11, 7."
    )
    assert len(spark.one("polyline").attrs["points"].split()) == 12


def test_other_ways_to_install(open_page, rich):
    """Pinned version, folder, registry, and curl with the real digest."""
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


def test_alias_of_a_host(open_page, rich):
    """Hosts with the same subcommands get an alias."""
    ReleaseContents.objects.update(manifest={"kind": "service", "dialect": "cortex"})
    lines = [line.one("code").text for line in open_page("/plugins/@acme/talk").by_class("install")]
    assert "alias cortex=plugport" in lines
    assert "cortex plugin install @acme/talk" in lines


def test_gained_permissions_are_called_out(open_page, rich):
    """New permissions are shown with a link to compare."""
    assert not open_page("/plugins/@acme/talk/1.0.0").all(id="gains")
    assert not open_page("/plugins/@acme/talk/1.1.0").all(id="gains")
    notice = open_page("/plugins/@acme/talk").one(id="gains")
    assert "1.2.0 needs more permissions than 1.1.0." in notice.text
    assert "Connects to: b.example.test Runs programs: git" in notice.text
    assert notice.links == ["/plugins/@acme/talk/compare?from=1.1.0&to=1.2.0"]


def test_unscoped_name(open_page, rich):
    """A name without a scope has a page."""
    assert open_page("/plugins/vault").one("h1").text == "vault 1.0.0+linux.7"


def test_page_of_a_version(open_page, rich):
    """An older version has a page, with a note and the command for that version."""
    page = open_page("/plugins/@acme/talk/1.0.0")
    assert "You are viewing 1.0.0. The latest version is 1.2.0 ." in page.text
    assert page.by_class("install")[0].one("code").text == "plugport install @acme/talk@1.0.0"
    assert page.one("link", rel="canonical").attrs["href"].endswith("/plugins/@acme/talk/1.0.0")


def test_page_of_the_latest_version_is_the_plugins(open_page, rich):
    """Duplicate pages name the canonical URL."""
    page = open_page("/plugins/@acme/talk/1.2.0")
    assert page.one("link", rel="canonical").attrs["href"].endswith("/plugins/@acme/talk")
    assert page.by_class("install")[0].one("code").text == "plugport install @acme/talk"


def test_dist_tag_leads_to_its_version(client, rich):
    """A dist-tag redirects to the version."""
    response = client.get("/plugins/@acme/talk/beta")
    assert response.status_code == 302
    assert response.url == "/plugins/@acme/talk/2.0.0-rc.1"


def test_version_with_build(open_page, rich):
    """A plus sign in a version is encoded."""
    row = open_page("/plugins/vault/versions").one(id="versions").all("a")[0]
    assert row.attrs["href"] == "/plugins/vault/1.0.0+linux.7"
    assert open_page(row.attrs["href"]).by_class("version")[0].text == "1.0.0+linux.7"


def test_missing_objects(client, rich):
    """Unknown plugins and versions get a 404 page."""
    responses = {
        path: client.get(path)
        for path in (
            "/plugins/nope",
            "/plugins/@acme/nope",
            "/plugins/UPPER",
            "/plugins/" + "x" * 3000,
            "/plugins/%00",
            "/plugins/@acme/chat/9.9.9",
            "/plugins/@acme/chat/%00",
            "/plugins/@acme/chat/1.2.0/extra",
            "/plugins/@acme/chat/1.2.0%00",
            "/plugins/@acme/chat/%FF",
            "/plugins/@acme/chat/" + "9" * 300,
        )
    }
    statuses = {path: response.status_code for path, response in responses.items()}
    assert statuses == dict.fromkeys(responses, 404)
    for path, response in responses.items():
        assert parse(response.content.decode()).one("h1").text, path


def test_text_of_authors_is_escaped(open_page, rich):
    """Markup in a manifest is escaped."""
    page = open_page("/plugins/@acme/hostile")
    assert not page.all("b")
    assert page.by_class("lead")[0].text == BOLD
    home = open_page("/")
    assert not home.all("b")
    assert BOLD in home.text


def test_edited_link_that_is_no_web_address(open_page, rich):
    """Only http and https URLs of the stored document become links."""
    edits = {"homepage": "javascript:alert(1)", "repository": {"url": "ssh://git@host/x"}}
    Plugin.objects.update(metadata=edits)
    page = open_page("/plugins/@acme/talk")
    assert "javascript:alert(1)" not in page.links
    assert _links(page)[0] == "Repository: ssh://git@host/x"
    assert not [link for link in page.links if link.startswith("ssh:")]


def test_repository_that_browsers_cannot_open(open_page, rich):
    """An SSH URL of a known code host leads to its page."""
    Plugin.objects.update(metadata={"repository": {"url": "ssh://git@github.com/acme/talk.git"}})
    page = open_page("/plugins/@acme/talk")
    assert _links(page)[0] == "Repository: github.com/acme/talk"
    assert "https://github.com/acme/talk" in page.links


def test_display_name_precedes_the_description(open_page, rich):
    """The page shows the display name, which the search matches."""
    assert open_page("/plugins/@acme/plain").by_class("lead")[0].text.startswith("Chat of Acme")
