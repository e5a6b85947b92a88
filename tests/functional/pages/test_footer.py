"""The footer, the terms and the status page."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError, connection

from tests.functional.pages.dom import parse


def _links(page) -> dict[str, str]:
    nav = page.one("nav", aria_label="About this registry")
    return {link.text: link.attrs["href"] for link in nav.all("a")}


def test_footer_leads_to_status_terms_feeds_and_api(open_page):
    """Each link has a target."""
    links = _links(open_page("/"))
    # Whether there is a place for reports depends on the settings.
    names = [name for name in links if name != "Report"]
    assert names == [
        "Documentation",
        "Get the command line",
        "API",
        "Feeds",
        "Status",
        "Terms",
    ]
    for address in links.values():
        path, _, anchor = address.partition("#")
        page = open_page(path)
        assert not anchor or page.one(id=anchor)
    assert open_page(links["Terms"]).one("h1").text == "Terms of use"


def test_report_and_terms_are_settings(open_page, settings):
    settings.SECURITY_CONTACTS = ["abuse@registry.example"]
    settings.TERMS_URL = "https://registry.example/terms"
    links = _links(open_page("/docs"))
    assert links["Report"] == "mailto:abuse@registry.example"
    assert links["Terms"] == "https://registry.example/terms"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "terms", "ftp://registry.example/terms"])
def test_terms_that_are_no_web_page(settings, url):
    """The server does not start with them."""
    settings.TERMS_URL = url
    with pytest.raises(SystemCheckError, match=r"marketplace\.E002"):
        call_command("check")


def test_status_in_words(open_page):
    page = open_page("/status")
    assert page.one("h1").text == "Status"
    assert "All systems work." in page.text
    parts = [part.text for part in page.one("dl", class_="facts").all("div")]
    names = ("Reading and installing", "Publishing", "Database", "Storage", "Queue")
    assert sorted(parts) == sorted(f"{name} Works" for name in names)


def test_status_knows_who_is_signed_in(open_page, owner_client):
    nav = open_page("/status", by=owner_client).one("nav", aria_label="Site")
    assert nav.text.endswith("acme")


def test_status_during_an_outage(client, db):
    """The page needs no database."""

    def refuse(*_args):
        raise OperationalError("the database is closed")

    with connection.execute_wrapper(refuse):
        response = client.get("/status")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    page = parse(response.content.decode())
    assert "The registry is limited." in page.text
    parts = [part.text for part in page.one("dl", class_="facts").all("div")]
    assert "Database Unavailable" in parts
    assert "Publishing Unavailable" in parts
