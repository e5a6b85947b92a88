"""`security.txt`, `llms.txt`, `robots.txt`, and their system checks."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from marketplace.syndication.security_contact import parse_contact

PATH = "/.well-known/security.txt"


def parse_fields(text: str) -> list[tuple[str, str]]:
    """The lines of RFC 9116, section 2: a name, a colon, a value."""
    pairs = [line.split(": ", 1) for line in text.splitlines()]
    return [(name, value) for name, value in pairs]


def test_security_contacts(client, settings):
    settings.SECURITY_CONTACTS = ["security@example.org", "https://example.org/report?a=1&b=2"]
    response = client.get(PATH)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    fields = parse_fields(response.content.decode())
    assert [value for name, value in fields if name == "Contact"] == [
        "mailto:security@example.org",
        "https://example.org/report?a=1&b=2",
    ]
    values = dict(fields)
    assert values["Canonical"] == f"http://127.0.0.1:8000{PATH}"
    assert values["Preferred-Languages"] == "en"
    expires = dt.datetime.fromisoformat(values["Expires"])
    left = expires - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=90) < left < dt.timedelta(days=365)


def test_without_a_contact(client, settings, open_page):
    """The default contact is the page of the registry, which says that there is no address."""
    settings.SECURITY_CONTACTS = []
    response = client.get(PATH)
    assert response.status_code == 200
    fields = dict(parse_fields(response.content.decode()))
    assert fields["Contact"] == "http://127.0.0.1:8000/contact"
    page = open_page("/contact")
    assert "has not published an address" in page.text
    assert "PLUGPORT_SECURITY_CONTACT" in page.text


def test_the_contact_page(client, settings, open_page, publisher):
    publisher.publish()
    settings.SECURITY_CONTACTS = ["security@example.org", "tel:+49-30-123456", "somebody"]
    page = open_page("/contact")
    assert {"mailto:security@example.org", "tel:+49-30-123456"} <= set(page.one("main").links)
    assert "somebody" not in page.text
    assert "mailto:security@example.org" in open_page("/plugins/@acme/chat").links
    settings.SECURITY_CONTACTS = []
    assert "/contact" in open_page("/plugins/@acme/chat").one("main").links


@pytest.mark.parametrize(
    ("text", "contact"),
    [
        ("security@example.org", "mailto:security@example.org"),
        ("mailto:security@example.org", "mailto:security@example.org"),
        ("https://example.org/report", "https://example.org/report"),
        ("tel:+49-30-123456", "tel:+49-30-123456"),
        ("http://example.org/report", None),
        ("https://", None),
        ("https://example.org/a b", None),
        ("somebody", None),
        ("a@b.c\nExpires: 1990", None),
        ("javascript:alert(1)", None),
    ],
)
def test_what_is_a_contact(text, contact):
    assert parse_contact(text) == contact


def test_an_invalid_contact_fails_the_system_check(settings):
    settings.SECURITY_CONTACTS = ["somebody"]
    with pytest.raises(SystemCheckError, match=r"marketplace\.E001.*`somebody`|`somebody`"):
        call_command("check")


@pytest.mark.parametrize(("contacts", "is_told"), [([], True), (["a@example.org"], False)])
def test_a_missing_contact_is_a_warning_in_production(settings, capsys, contacts, is_told):
    settings.SECURITY_CONTACTS = contacts
    call_command("check", deploy=True)
    assert ("marketplace.W001" in capsys.readouterr().err) is is_told


def test_llms_txt_has_only_valid_urls(client, publisher, settings):
    """Every link of `llms.txt` works, and every API call in it belongs to this registry."""
    publisher.publish()
    response = client.get("/llms.txt")
    text = response.content.decode()
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert text.startswith("# Plugport\n\n> A registry")
    links = re.findall(r"\]\((http[^)]+)\)", text)
    assert len(links) > 15
    calls = [
        link.replace("NAME/VERSION", "@acme/chat/1.0.0").replace("NAME", "@acme/chat")
        for link in re.findall(r"GET (http\S+?)`", text)
    ]
    assert len(calls) == 4
    for link in [*links, *calls]:
        parts = urlsplit(link)
        assert parts.netloc == "127.0.0.1:8000"
        assert client.get(f"{parts.path}?{parts.query}").status_code == 200, link


def test_none_of_them_loads_the_session(owner_client, settings, django_assert_num_queries):
    settings.SECURITY_CONTACTS = ["security@example.org"]
    for path in (PATH, "/llms.txt", "/robots.txt"):
        with django_assert_num_queries(0):
            response = owner_client.get(path)
        assert response.status_code == 200
        assert "Cookie" not in response.headers.get("Vary", "")
        again = owner_client.get(path, HTTP_IF_NONE_MATCH=response.headers["ETag"])
        assert again.status_code == 304
