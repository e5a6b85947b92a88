"""The search of the documentation."""

from __future__ import annotations

import pytest

from marketplace.docs_site.docs_search import MAX_RESULTS, search_docs


def _find(page) -> list[tuple[str, str]]:
    results = page.by_class("docs-result")
    return [(each.one("h3").all("a")[0].text, each.links[0]) for each in results]


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("other ways to install", "/docs/judge#"),
        ("PLUGPORT_TERMS_URL", "/docs/configuration"),
        ("unknown-plugin", "/docs/errors#unknown-plugin"),
        ("yank release", "/docs/api#"),
        ("plugport doctor", "/docs/cli"),
        ("feeds", "/docs/badges#feeds"),
    ],
)
def test_sections_are_found(open_page, words, address):
    """Guides, settings, error codes, commands and API operations; each links to its section."""
    links = [link for _title, link in _find(open_page("/docs", q=words))]
    assert any(link.startswith(address) for link in links), links


def test_section_of_that_name_comes_first(open_page):
    page = open_page("/docs", q="Feeds")
    assert _find(page)[0] == ("Feeds", "/docs/badges#feeds")
    assert page.one(id="found").text.endswith("for “ Feeds ”")
    assert page.one("meta", name="robots").attrs["content"] == "noindex"
    assert page.one(id="docs-q").attrs["value"] == "Feeds"


def test_links_lead_to_a_section_that_is_there(open_page):
    for query in ("token", "permissions", "search"):
        for _title, link in _find(open_page("/docs", q=query)):
            path, _, anchor = link.partition("#")
            assert not anchor or open_page(path).one(id=anchor)


def test_excerpt_marks_the_words(open_page):
    """The beginning of a word is enough; the excerpt has no markup or buttons of the page."""
    page = open_page("/docs", q="quarant")
    marks = {mark.text.lower() for mark in page.all("mark")}
    assert marks == {"quarant"}
    texts = " ".join(each.text for each in page.by_class("docs-result"))
    assert not [word for word in ("Link to this section", "href=", "Copy", "<") if word in texts]
    assert all(len(each.one("p").text) < 400 for each in page.by_class("docs-result"))


def test_nothing_found(open_page):
    """The page leads to the search for plugins."""
    page = open_page("/docs", q="nothinglikeit")
    assert page.one(id="found").text.startswith("No section for")
    assert "/search?q=nothinglikeit" in page.by_class("empty")[0].links


@pytest.mark.parametrize("query", ["", " ", "()[]*+?{}^$|\\", "<script>alert(1)</script>", "ß İ ſ"])
def test_any_text_can_be_searched(open_page, query):
    """Nothing in it is a pattern or markup."""
    page = open_page("/docs", q=query)
    assert not page.one("main").all("script")
    assert len(page.by_class("docs-result")) <= MAX_RESULTS


@pytest.mark.parametrize("query", ["\0", "a" * 10_000], ids=["nul", "long"])
def test_text_that_is_no_query(open_page, query):
    """The error names the parameter."""
    assert "q" in [code.text for code in open_page("/docs", status=400, q=query).all("code")]


def test_many_words_are_cut():
    assert len(search_docs("a " * 5_000)) <= MAX_RESULTS


def test_search_field_is_on_every_page_of_the_documentation(open_page):
    for path in ("/docs", "/docs/find", "/publish"):
        form = open_page(path).one("form", aria_label="Documentation")
        assert form.attrs["action"] == "/docs"


def test_design_is_for_developers(open_page):
    """The design page is not part of the reference for users."""
    sections = {section.one("h2").text: section for section in open_page("/docs").all("section")}
    assert "/docs/design" in sections["For developers of Plugport"].links
    assert "/docs/design" not in sections["Reference"].links
