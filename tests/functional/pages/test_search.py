"""The search page: words, filters, order, pagination, state in the URL."""

from __future__ import annotations

import pytest


def _names(page) -> list[str]:
    return [row.one("h3").all("a")[0].raw for row in page.by_class("row")]


pytestmark = pytest.mark.usefixtures("indexed_catalog")


@pytest.fixture(scope="module")
def _published(module_publisher):
    """Three plugins that differ in every filter."""
    module_publisher.publish(
        "chat-bridge", kind="bridge", tags=["chat"], categories=["communication"]
    )
    module_publisher.publish(
        "mail-bridge", kind="bridge", license="Apache-2.0", author={"name": "Mira"}
    )
    module_publisher.publish("vault", kind="storage", tags=["chat"])


@pytest.fixture
def owner(module_publisher):
    return module_publisher.copy_actor()


@pytest.mark.parametrize(
    ("query", "names"),
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
def test_filters(open_page, query, names):
    """Each filter works alone and combined."""
    assert set(_names(open_page("/search", **query))) == names


def test_form_keeps_filters_and_order(open_page):
    """A new search keeps the filters and the order."""
    page = open_page("/search", q="bridge", type="bridge", license="MIT", sort="name")
    assert page.one("input", id="q").attrs["value"] == "bridge"
    hidden_inputs = page.all("input", form="search-form", type="hidden")
    assert {field.attrs["name"]: field.attrs["value"] for field in hidden_inputs} == {
        "type": "bridge",
        "license": "MIT",
        "sort": "name",
    }


def test_chips_take_one_filter_out(open_page):
    """A chip links to the first page without its filter."""
    page = open_page(
        "/search", q="bridge", type="bridge", tag="chat", sort="name", verified="false"
    )
    chips = {chip.text: chip.attrs["href"] for chip in page.by_class("chip")}
    assert chips == {
        "Remove Kind Bridge": "/search?q=bridge&tag=chat&verified=false&sort=name",
        "Remove Tag chat": "/search?q=bridge&type=bridge&verified=false&sort=name",
        "Remove Verified No": "/search?q=bridge&type=bridge&tag=chat&sort=name",
    }
    assert page.by_class("chip-clear")[0].attrs["href"] == "/search?q=bridge&sort=name"


def test_orders_are_links(open_page):
    """The current order is marked; without words there is no relevance."""

    def read(**query: str) -> tuple[dict[str, str], list[str]]:
        nav = open_page("/search", **query).by_class("sort-options")[0]
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


def test_order_by_name(open_page):
    """The results have the requested order."""
    assert _names(open_page("/search", sort="name")) == ["chat-bridge", "mail-bridge", "vault"]


def test_pages(open_page):
    """Pagination links keep the search."""
    first = open_page("/search", limit="2", sort="name")
    assert _names(first) == ["chat-bridge", "mail-bridge"]
    follow = first.one("a", rel="next").attrs["href"]
    assert follow == "?sort=name&limit=2&page=2"
    second = open_page("/search" + follow)
    assert _names(second) == ["vault"]
    assert second.one("a", rel="prev").attrs["href"] == "?sort=name&limit=2&page=1"


def test_which_of_the_results_these_are(open_page):
    """The range is shown if there are several pages."""
    ranges = {
        number: open_page("/search", limit="2", page=str(number)).one(id="found").text
        for number in (1, 2, 3)
    }
    assert ranges == {1: "1–2 of 3 plugins", 2: "3 of 3 plugins", 3: "3 plugins"}
    assert open_page("/search", q="mail").one(id="found").text == "1 plugin for “ mail ”"
    assert open_page("/tags/chat", limit="1").one("h2").text == "1 of 2 plugins"


def test_page_behind_the_last(open_page):
    """A page beyond the end links to the first page."""
    page = open_page("/search", page="9")
    assert "These results have no page 9." in page.text


def test_many_pages_leave_gaps(rf):
    """Pagination links the ends and the neighbors."""
    from django.http import QueryDict

    from marketplace.pagination import build_pagination

    paging = build_pagination(QueryDict("q=a"), number=50, pages=100)
    assert paging is not None
    assert [link.number for link in paging.links] == [1, 0, 48, 49, 50, 51, 52, 0, 100]
    assert [link.number for link in paging.links if link.is_current] == [50]
    assert build_pagination(QueryDict(), number=1, pages=1) is None


def test_nothing_found(open_page):
    """No match for words and no match for filters have different messages."""
    page = open_page("/search", q="zzzzzz")
    assert "No plugin has these words" in page.text
    assert "/categories" in page.one(id="search").links
    page = open_page("/search", trust="official")
    assert "No plugin matches all of these filters." in page.text
    assert "/search" in page.by_class("empty")[0].links


def test_matches_are_marked(open_page):
    """Matches are highlighted in name and description."""
    row = open_page("/search", q="mail").by_class("row")[0]
    assert [mark.text for mark in row.one("h3").all("mark")] == ["mail"]
    assert [mark.text for mark in row.by_class("row-text")[0].all("mark")] == ["mail"]


def test_did_you_mean(open_page):
    """A better spelling is suggested and keeps the filters."""
    page = open_page("/search", q="brigde", type="bridge")
    links = {link.text: link.attrs["href"] for link in page.one(id="search").all("a")}
    assert links["bridge"] == "/search?q=bridge&type=bridge"
    assert "Did you mean" not in open_page("/search", q="bridge").text


def test_some_of_the_words(open_page):
    """Partial matches are labeled as such."""
    page = open_page("/search", q="mail zzzzzz")
    assert "No plugin matches all of these words." in page.text
    assert _names(page) == ["mail-bridge"]


def test_degraded(open_page, settings):
    """Without the index the results come from the database, and the page shows a note."""
    from marketplace.search import circuit_breaker
    from marketplace.search.engines import get_engine

    settings.SEARCH_ENGINE = {
        "BACKEND": "marketplace.search.engines.meilisearch.MeilisearchEngine",
        "OPTIONS": {"url": "http://127.0.0.1:9", "key": "", "index": "plugins"},
    }
    get_engine.cache_clear()
    circuit_breaker.reset()
    page = open_page("/search", q="mail")
    assert _names(page) == ["mail-bridge"]
    assert "Search is limited right now" in page.text
    assert page.by_class("facet")


def test_the_author_filter_uses_the_manifest(open_page):
    """The author filter comes with a note that it is unverified."""
    page = open_page("/search", author="Mira")
    assert _names(page) == ["mail-bridge"]
    assert [chip.text for chip in page.by_class("chip")] == ["Remove Author in manifest Mira"]
    note = page.by_class("aside-note")[0].text
    assert note.startswith("The manifests of these plugins name “ Mira ” as the author.")
    assert "This is not verified." in note
    assert not open_page("/search", author="Nobody").by_class("aside-note")


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
        ("facet", "color"),
    ],
)
def test_what_cannot_be_read_is_left_out(open_page, client, name, value):
    """Invalid parameters are ignored and named; the API rejects them."""
    page = open_page("/search", **{"tag": "chat", name: value})
    assert set(_names(page)) == {"chat-bridge", "vault"}
    note = page.by_class("aside-note")[0]
    assert [code.text for code in note.all("code")] == [name]
    assert note.text.endswith("They were ignored.")
    if name != "facet":
        assert client.get("/api/v1/plugins", {name: value}).status_code == 400


@pytest.mark.parametrize("name", ["type", "trust", "dialect", "registry", "tag"])
def test_a_filter_that_nothing_can_have(open_page, client, name):
    """An impossible filter has no results and can be removed."""
    page = open_page("/search", q="bridge", **{name: "nope"})
    assert _names(page) == []
    assert "No plugin matches all of these filters." in page.text
    assert [chip.attrs["href"] for chip in page.by_class("chip")] == ["/search?q=bridge"]
    assert page.by_class("chip")[0].text.endswith("nope")
    is_fixed = name in ("type", "trust", "dialect")
    response = client.get("/api/v1/plugins", {name: "nope"})
    assert response.status_code == (400 if is_fixed else 200)


def test_facet_values_that_begin_with_too_much(open_page):
    """An invalid prefix is ignored and named."""
    page = open_page("/search", facet="tag", begins="x" * 201)
    assert len(page.by_class("row")) == 3
    assert "begins" in page.by_class("aside-note")[0].text


def test_recording_a_search_ignores_invalid_parameters(client):
    """The page posts its own URL, so invalid parameters are accepted."""
    assert client.post("/search/note?q=mail&page=one&trust=nope").status_code == 204


def test_words_are_shown_as_words(open_page):
    """The search text is escaped."""
    page = open_page("/search", q="<script>alert(1)</script>")
    assert not [script for script in page.all("script") if "src" not in script.attrs]
    assert "<script>alert(1)</script>" in page.one("h2").text


def test_what_crawlers_may_keep(open_page):
    """Words with results are indexable; everything else is `noindex`."""

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


def test_search_in_place(client):
    """An htmx request gets the results and a title."""
    response = client.get("/search?q=mail&type=&tag=&sort=name", headers={"HX-Request": "true"})
    assert response.templates[0].name == "partials/results.html"
    assert b"<html" not in response.content
    assert b"<title>mail" in response.content
    assert b"mail-bridge" in response.content
    assert "HX-Request" in response.headers["Vary"]


def test_only_final_searches_are_recorded(client):
    """Partial words are not recorded; scripts record final words and clicks."""
    from marketplace.models import SearchTerm
    from marketplace.search.query_log import flush_searches

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
def test_invalid_records_are_refused(client, db, query):
    """Invalid ranks and other methods are rejected."""
    assert client.post(f"/search/note?{query}").status_code == 400
    assert client.get("/search/note?q=a").status_code == 405


def test_notes_are_limited_as_reads_are(client, db, settings):
    """Recording counts against the quota for reads."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "read": "2/hour"}
    client.get("/api/v1/plugins")
    assert client.post("/search/note?q=mail&rank=1").status_code == 204
    response = client.post("/search/note?q=mail&rank=1")
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 3600
    assert client.post("/search/note?q=mail", REMOTE_ADDR="192.0.2.7").status_code == 204
