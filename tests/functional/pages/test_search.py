"""Searching: words, filters, order, pages, and the state in the address."""

from __future__ import annotations

import pytest

from registry.documents import refresh_plugin


def _names(page) -> list[str]:
    return [row.one("h3").all("a")[0].raw for row in page.by_class("row")]


@pytest.fixture
def catalogue(publisher, index_now):
    """Three plugins that differ in everything one can filter by."""
    publisher.publish("chat-bridge", kind="bridge", tags=["chat"], categories=["communication"])
    publisher.publish("mail-bridge", kind="bridge", license="Apache-2.0", author={"name": "Mira"})
    publisher.publish("vault", kind="storage", tags=["chat"])
    index_now()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"chat-bridge", "mail-bridge", "vault"}),
        ({"q": "mail"}, {"mail-bridge"}),
        ({"q": "BRIDGE what"}, {"chat-bridge", "mail-bridge"}),
        ({"type": "storage"}, {"vault"}),
        ({"category": "communication"}, {"chat-bridge"}),
        ({"tag": "chat"}, {"chat-bridge", "vault"}),
        ({"license": "Apache-2.0"}, {"mail-bridge"}),
        ({"author": "Mira"}, {"mail-bridge"}),
        ({"trust": "official"}, set()),
        ({"tag": "chat", "type": "bridge"}, {"chat-bridge"}),
    ],
)
def test_filters(open_page, catalogue, query, found):
    """Each parameter narrows, and they narrow together."""
    assert set(_names(open_page("/search", **query))) == found


def test_form_keeps_what_was_asked(open_page, catalogue):
    """New words are searched for within the filters and in the order of the address."""
    page = open_page("/search", q="bridge", type="bridge", license="MIT", sort="name")
    assert page.one("input", id="q").attrs["value"] == "bridge"
    kept = page.all("input", form="search-form", type="hidden")
    assert {field.attrs["name"]: field.attrs["value"] for field in kept} == {
        "type": "bridge",
        "license": "MIT",
        "sort": "name",
    }


def test_chips_take_one_filter_out(open_page, catalogue):
    """A chip's address is the same search without that filter, on its first page."""
    page = open_page(
        "/search", q="bridge", type="bridge", tag="chat", sort="name", verified="false"
    )
    chips = {chip.text: chip.attrs["href"] for chip in page.by_class("chip")}
    assert chips == {
        "Remove Kind Bridge": "/search?q=bridge&tag=chat&verified=false&sort=name",
        "Remove Tag chat": "/search?q=bridge&type=bridge&verified=false&sort=name",
        "Remove Verified no": "/search?q=bridge&type=bridge&tag=chat&sort=name",
    }
    assert page.by_class("chip-clear")[0].attrs["href"] == "/search?q=bridge&sort=name"


def test_orders_are_links(open_page, catalogue):
    """The order in use is marked; without words there is no relevance to order by."""

    def read(**query: str) -> tuple[dict[str, str], list[str]]:
        nav = open_page("/search", **query).by_class("orders")[0]
        links = {link.text: link.attrs["href"] for link in nav.all("a")}
        return links, [link.text for link in nav.all("a", aria_current="true")]

    links, chosen = read(q="bridge", sort="name")
    assert links["Relevance"] == "/search?q=bridge"
    assert links["Downloads"] == "/search?q=bridge&sort=downloads"
    assert chosen == ["Name"]
    links, chosen = read()
    assert "Relevance" not in links
    assert chosen == ["Downloads"]
    assert read(q="bridge")[1] == ["Relevance"]


def test_order_by_name(open_page, catalogue):
    """The order is the one that was asked for."""
    assert _names(open_page("/search", sort="name")) == ["chat-bridge", "mail-bridge", "vault"]


def test_pages(open_page, catalogue):
    """Links to the other pages keep the search."""
    first = open_page("/search", limit="2", sort="name")
    assert _names(first) == ["chat-bridge", "mail-bridge"]
    follow = first.one("a", rel="next").attrs["href"]
    assert follow == "?sort=name&limit=2&page=2"
    second = open_page("/search" + follow)
    assert _names(second) == ["vault"]
    assert second.one("a", rel="prev").attrs["href"] == "?sort=name&limit=2&page=1"


def test_which_of_the_results_these_are(open_page, catalogue):
    """Where there is more than one page."""
    said = {
        number: open_page("/search", limit="2", page=str(number)).one(id="found").text
        for number in (1, 2, 3)
    }
    assert said == {1: "1–2 of 3 plugins", 2: "3 of 3 plugins", 3: "3 plugins"}
    assert open_page("/search", q="mail").one(id="found").text == "1 plugin for “ mail ”"
    assert open_page("/tags/chat", limit="1").one("h2").text == "1 of 2 plugins"


def test_page_behind_the_last(open_page, catalogue):
    """An address from yesterday may lead behind the end; the way back is shown."""
    page = open_page("/search", page="9")
    assert "There is no page 9 of these results." in page.text


def test_many_pages_leave_gaps(rf):
    """Of many pages the ends and the neighbours are linked."""
    from django.http import QueryDict

    from marketplace.paging import build_paging

    paging = build_paging(QueryDict("q=a"), number=50, pages=100)
    assert paging is not None
    assert [link.number for link in paging.links] == [1, 0, 48, 49, 50, 51, 52, 0, 100]
    assert [link.number for link in paging.links if link.is_current] == [50]
    assert build_paging(QueryDict(), number=1, pages=1) is None


def test_nothing_found(open_page, catalogue):
    """Words that nothing matches, and filters that nothing matches, say so differently."""
    page = open_page("/search", q="zzzzzz")
    assert "No plugin has these words" in page.text
    assert "/categories" in page.one(id="search").links
    page = open_page("/search", trust="official")
    assert "Nothing matches all of these filters." in page.text
    assert "/search" in page.by_class("empty")[0].links


def test_empty_registry(open_page):
    """Nothing published yet is told as that."""
    page = open_page("/search")
    assert "Nothing has been published here yet." in page.text
    assert "/publish" in page.by_class("empty")[0].links


def test_matches_are_marked(open_page, catalogue):
    """What was meant is marked in name and description."""
    row = open_page("/search", q="mail").by_class("row")[0]
    assert [mark.text for mark in row.one("h3").all("mark")] == ["mail"]
    assert [mark.text for mark in row.by_class("row-text")[0].all("mark")] == ["mail"]


def test_texts_of_authors_are_escaped(open_page, publisher):
    """A description is text, marked or not."""
    publisher.publish("evil", description="Bridge <img src=x onerror=alert(1)> & more")
    for query in ({}, {"q": "bridge"}):
        page = open_page("/search", **query)
        assert not page.by_class("row")[0].all("img")
        assert "<img src=x onerror=alert(1)>" in page.by_class("row-text")[0].raw


def test_did_you_mean(open_page, catalogue):
    """A better spelling is offered, with the filters kept."""
    page = open_page("/search", q="brigde", type="bridge")
    links = {link.text: link.attrs["href"] for link in page.one(id="search").all("a")}
    assert links["bridge"] == "/search?q=bridge&type=bridge"
    assert "Did you mean" not in open_page("/search", q="bridge").text


def test_some_of_the_words(open_page, catalogue):
    """What has only some of the words is not passed off as what was asked for."""
    page = open_page("/search", q="mail zzzzzz")
    assert "Nothing has all of these words." in page.text
    assert _names(page) == ["mail-bridge"]


def test_degraded(open_page, catalogue, settings):
    """While the index is away the database answers, and the page says so quietly."""
    from marketplace.search import guard
    from marketplace.search.engines import get_engine

    settings.SEARCH_ENGINE = {
        "BACKEND": "marketplace.search.engines.meilisearch.MeilisearchEngine",
        "OPTIONS": {"url": "http://127.0.0.1:9", "key": "", "index": "plugins"},
    }
    get_engine.cache_clear()
    guard.reset()
    page = open_page("/search", q="mail")
    assert _names(page) == ["mail-bridge"]
    assert "The search index does not answer right now" in page.text
    assert page.by_class("facet")


def test_a_row_names_the_owner_and_not_whom_the_manifest_names(
    open_page, publisher, owner, index_now
):
    """Anybody can write another's name into a manifest; nobody can own with another's account."""
    publisher.publish("slack-bridge-pro", author={"name": "Agent Relay"}, tags=["chat"])
    index_now()
    for path in ("/", "/search", "/search?q=slack", "/tags/chat", "/users/acme"):
        row = open_page(path).by_class("row")[0]
        assert row.by_class("byline")[0].text == "by acme"
        assert "/users/acme" in row.links
        assert "Agent Relay" not in row.text


def test_plugins_of_an_author_are_those_whose_manifest_says_so(open_page, catalogue):
    """The filter stays, and the page says what it is worth."""
    page = open_page("/search", author="Mira")
    assert _names(page) == ["mail-bridge"]
    assert [chip.text for chip in page.by_class("chip")] == ["Remove Author by manifest Mira"]
    said = page.by_class("aside-note")[0].text
    assert said.startswith("Their manifests name “ Mira ” as the author;")
    assert "nobody has checked that" in said
    assert not open_page("/search", author="Nobody").by_class("aside-note")


def test_many_owners(open_page, publisher, make_user, index_now):
    """Two are named, in the order in which they became owners; the others are counted."""
    plugin = publisher.publish("shared").plugin
    for name in ("bo", "cy", "di"):
        plugin.members.create(user=make_user(name), role="owner")
    refresh_plugin(plugin.pk)
    index_now()
    byline = open_page("/search").by_class("byline")[0]
    assert byline.text.replace(" ,", ",") == "by acme, bo and 2 more"
    assert byline.links == ["/users/acme", "/users/bo"]


@pytest.mark.parametrize("withdraw", ["quarantine_release", "revoke_release"])
def test_what_is_withdrawn_does_not_leak(open_page, publisher, moderator, index_now, withdraw):
    """Not as a row, not in a total, not in a facet: before the index knows, and after."""
    from registry.actions import moderate_release

    publisher.publish("open-one", tags=["shared"])
    release = publisher.publish("secret-one", tags=["shared", "hush"], categories=["hidden"])
    index_now()
    assert "hush 1" in open_page("/search").text
    getattr(moderate_release, withdraw)(actor=moderator, release=release, reason="Looked at.")
    for _ in range(2):
        for query in ({}, {"q": "one"}, {"tag": "shared"}):
            page = open_page("/search", **query)
            assert [row.one("h3").all("a")[0].raw for row in page.by_class("row")] == ["open-one"]
            assert not {"secret-one", "hush", "hidden"} & set(page.text.split())
            assert "shared 1" in page.text
        index_now()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sort", "luck"),
        ("page", "0"),
        ("page", "one"),
        ("page", "99999999999999999999"),
        ("limit", "101"),
        ("q", "x" * 201),
        ("q", "a\x00b"),
        ("verified", "perhaps"),
        ("category", "x" * 201),
        ("facet", "colour"),
    ],
)
def test_what_cannot_be_read_is_left_out(open_page, client, catalogue, name, value):
    """The rest of the address counts, and the page says so; programs are told that it is wrong."""
    page = open_page("/search", **{"tag": "chat", name: value})
    assert set(_names(page)) == {"chat-bridge", "vault"}
    said = page.by_class("aside-note")[0]
    assert [code.text for code in said.all("code")] == [name]
    assert said.text.endswith("means nothing here and was left out.")
    if name != "facet":
        assert client.get("/api/v1/plugins", {name: value}).status_code == 400


@pytest.mark.parametrize("name", ["type", "trust", "dialect", "registry", "tag"])
def test_a_filter_that_nothing_can_have(open_page, client, catalogue, name):
    """It finds nothing, and can be taken off again like any other."""
    page = open_page("/search", q="bridge", **{name: "nope"})
    assert _names(page) == []
    assert "Nothing matches all of these filters." in page.text
    assert [chip.attrs["href"] for chip in page.by_class("chip")] == ["/search?q=bridge"]
    assert page.by_class("chip")[0].text.endswith("nope")
    is_fixed = name in ("type", "trust", "dialect")
    answer = client.get("/api/v1/plugins", {name: "nope"})
    assert answer.status_code == (400 if is_fixed else 200)


def test_facet_values_that_begin_with_too_much(open_page, catalogue):
    """Nothing is looked for then."""
    page = open_page("/search", facet="tag", begins="x" * 201)
    assert len(page.by_class("row")) == 3
    assert "begins" in page.by_class("aside-note")[0].text


def test_noting_a_search_forgives_what_its_page_forgave(client, catalogue):
    """The page sends its own address along."""
    assert client.post("/search/note?q=mail&page=one&trust=nope").status_code == 204


def test_words_are_shown_as_words(open_page, catalogue):
    """What was typed comes back escaped."""
    page = open_page("/search", q="<script>alert(1)</script>")
    assert not [script for script in page.all("script") if "src" not in script.attrs]
    assert "<script>alert(1)</script>" in page.one("h2").text


def test_what_crawlers_may_keep(open_page, catalogue):
    """Words that find something are a page with its own address; the rest is not to be kept."""

    def may_keep(address: str = "", **query: str) -> bool:
        page = open_page("/search", **query)
        noindex = bool(page.all("meta", name="robots"))
        canonical = [link.attrs["href"] for link in page.all("link", rel="canonical")]
        assert noindex != bool(canonical)
        assert all(link.endswith(f"/search{address}") for link in canonical)
        assert all(link.attrs["rel"] == "nofollow" for link in page.by_class("facet")[0].all("a"))
        return not noindex

    assert may_keep()
    assert may_keep("?q=mail", q="mail", type="")
    assert may_keep("?q=mail+%26+chat", q="mail & chat")
    for query in ({"type": "bridge"}, {"q": "mail", "sort": "name"}, {"page": "9"}):
        assert not may_keep(**query)
    page = open_page("/search", q="zzzzzz")
    assert page.one("meta", name="robots").attrs["content"] == "noindex, follow"


def test_search_in_place(client, catalogue):
    """The in-place search gets the results alone, with the title of the page."""
    answer = client.get("/search?q=mail&type=&tag=&sort=name", headers={"HX-Request": "true"})
    assert answer.templates[0].name == "partials/results.html"
    assert b"<html" not in answer.content
    assert b"<title>mail" in answer.content
    assert b"mail-bridge" in answer.content
    assert "HX-Request" in answer.headers["Vary"]


def test_only_what_was_meant_is_recorded(client, catalogue):
    """Half words are not searches; what stays, and which place was chosen, is noted by scripts."""
    from marketplace.models import SearchTerm
    from marketplace.search.recording import flush_searches

    typed = {"HX-Request": "true", "HX-Trigger": "search-form"}
    client.get("/search?q=mai", headers=typed)
    client.get("/search?q=chat")
    client.post("/search/note?q=mail&type=bridge")
    client.post("/search/note?q=mail&type=bridge&rank=3")
    client.post("/search/note?q=spam&rank=1", headers={"Sec-Fetch-Site": "cross-site"})
    flush_searches()
    rows = SearchTerm.objects.order_by("term")
    assert list(rows.values_list("term", "filters", "searches", "clicks", "rank_sum")) == [
        ("chat", "", 1, 0, 0),
        ("mail", "type=bridge", 1, 1, 3),
    ]


@pytest.mark.parametrize("query", ["q=a&rank=0x1", "q=a&rank=99999999999"])
def test_notes_that_make_no_sense(client, db, query):
    """They are refused; and nothing is noted by reading."""
    assert client.post(f"/search/note?{query}").status_code == 400
    assert client.get("/search/note?q=a").status_code == 405


def test_notes_are_limited_as_reads_are(client, db, settings):
    """Each address may send as many as it may read of the API."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "read": "2/hour"}
    client.get("/api/v1/plugins")
    assert client.post("/search/note?q=mail&rank=1").status_code == 204
    answer = client.post("/search/note?q=mail&rank=1")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert client.post("/search/note?q=mail", REMOTE_ADDR="192.0.2.7").status_code == 204
