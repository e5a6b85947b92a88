"""Forms of other websites: with the cookie of a session, no route accepts a POST without the token of its form."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from tests.functional.authorization.calls import list_calls
from tests.functional.authorization.roles import build_world
from tests.support.people import PASSWORD
from tests.support.publishing import Publisher

# These look at no session, so a forged request is one that everybody can send.
_WITHOUT_SESSION = re.compile(
    # Programs: signed, or with a token of their own.
    r"scim/v2/|login/program/(code|token)$|sso/<str:public_id>/(saml/acs|oidc/logout)$"
    # Counters, one of which only the gateway reaches.
    r"|search/note$|-/gateway/records$"
    # Redirects to the page with GET.
    r"|plugins/?$|docs/publish$|simple(/plugport)?$|security\.txt$"
)
_REFUSAL = b"form has expired"


def test_no_form_of_another_website_is_accepted(
    publisher: Publisher, settings: Any, tmp_path: Path
) -> None:
    settings.CLIENT_DIR = tmp_path
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "1000000/minute")
    world = build_world(publisher)
    sessions = {person: world.open_session(person) for person in ("owner", "operator")}
    for each in sessions.values():
        each.get("/account")
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    accepted = set()
    for call in list_calls(world):
        if call.is_api or call.method != "POST" or _WITHOUT_SESSION.match(call.route):
            continue
        session = sessions["operator" if call.route.startswith("admin/") else "owner"]
        client.cookies = SimpleCookie(session.cookies.output(header="", sep=";"))
        client.cookies.pop("csrftoken", None)
        with transaction.atomic():
            response = client.post(call.path, call.build_body())
            transaction.set_rollback(True)
        if response.status_code != 403 or _REFUSAL not in response.content:
            accepted.add(f"{response.status_code} {call.route}")
    assert accepted == set()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "\\\\evil.test",
        "/%09/evil.test",
        "/\t/evil.test",
        "\t//evil.test",
        " //evil.test",
        "///evil.test",
        "https:evil.test",
        "https:///evil.test",
        "javascript:alert(1)",
        "http://testserver@evil.test/",
        "http://testserver.evil.test/",
    ],
)
def test_no_address_of_another_website_is_the_next_page(owner: User, address: str) -> None:
    """Of sign-in, confirmation, sign-out and the admin."""
    form = {"login": "acme", "password": PASSWORD, "username": "acme", "next": address}
    owner.is_staff = owner.is_superuser = True
    owner.save()
    client = Client()
    found = [client.post("/login", form)]
    found += [client.post("/account/confirm", form), client.get("/login", form)]
    found += [client.get("/admin/login/", form), client.post("/logout", form)]
    for response in found:
        host = urlsplit(response.headers.get("Location", "")).netloc
        assert host == "", response.headers["Location"]
        location = response.headers.get("Location", "/")
        # As browsers read it: they drop tabs, and take backslashes for slashes.
        read = location.replace("\t", "").strip().replace("\\", "/")
        assert read.startswith("/"), location
        assert not read.startswith("//"), location
