"""`security.txt`, `llms.txt`, `robots.txt`, and what the operator is told about them."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from marketplace.outlets.contact import read_contact

PATH = "/.well-known/security.txt"


def read_fields(text: str) -> list[tuple[str, str]]:
    """The lines of RFC 9116, section 2: a name, a colon, a value."""
    pairs = [line.split(": ", 1) for line in text.splitlines()]
    return [(name, value) for name, value in pairs]


def test_security_contacts(client, settings):
    settings.SECURITY_CONTACTS = ["security@example.org", "https://example.org/report?a=1&b=2"]
    answer = client.get(PATH)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    fields = read_fields(answer.content.decode())
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


def test_without_a_contact_it_says_so(client, settings):
    settings.SECURITY_CONTACTS = []
    answer = client.get(PATH)
    assert answer.status_code == 404
    assert b"no contact" in answer.content
    assert answer.headers["Cache-Control"] == "no-store"


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
    assert read_contact(text) == contact


def test_the_operator_is_told_of_a_contact_that_is_none(settings):
    settings.SECURITY_CONTACTS = ["somebody"]
    with pytest.raises(SystemCheckError, match=r"marketplace\.E001.*`somebody`|`somebody`"):
        call_command("check")


@pytest.mark.parametrize(("contacts", "is_told"), [([], True), (["a@example.org"], False)])
def test_the_operator_is_told_in_production(settings, capsys, contacts, is_told):
    settings.SECURITY_CONTACTS = contacts
    call_command("check", deploy=True)
    assert ("marketplace.W001" in capsys.readouterr().err) is is_told


def test_assistants_find_what_is_there(client, publisher, settings):
    """Every link of `llms.txt` answers, and every call it names is of this registry."""
    publisher.publish()
    answer = client.get("/llms.txt")
    text = answer.content.decode()
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
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


def test_none_of_them_asks_who_reads(owner_client, settings, django_assert_num_queries):
    settings.SECURITY_CONTACTS = ["security@example.org"]
    for path in (PATH, "/llms.txt", "/robots.txt"):
        with django_assert_num_queries(0):
            answer = owner_client.get(path)
        assert answer.status_code == 200
        assert "Cookie" not in answer.headers.get("Vary", "")
        again = owner_client.get(path, HTTP_IF_NONE_MATCH=answer.headers["ETag"])
        assert again.status_code == 304
