"""Sensitive pages ask for the password or a second factor, unless that happened a moment ago."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.support.factors import add_app, compute_code
from tests.support.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_home")]
SENSITIVE = [
    "/account/security/app",
    "/account/security/passkeys/new",
    "/account/security/recovery-codes",
]


@pytest.fixture
def stale_client(owner_client: Client) -> Client:
    """A session whose last confirmation was long ago."""
    session = owner_client.session
    session["confirmed"] = [session["confirmed"][0], session["confirmed"][1] - 301]
    session.save()
    return owner_client


@pytest.mark.parametrize("path", SENSITIVE)
def test_sensitive_pages_ask(stale_client: Client, path: str) -> None:
    for method in (stale_client.get, stale_client.post):
        response = method(path)
        assert (response.status_code, response.url) == (
            302,
            f"/account/confirm?next={path.replace('/', '%2F')}",
        )


def test_removing_a_factor_asks(stale_client: Client, owner: User) -> None:
    add_app(owner)
    factor = owner.authenticator_set.get(type="totp")
    response = stale_client.post(f"/account/security/{factor.pk}/remove")
    assert response.url.startswith("/account/confirm")
    assert owner.authenticator_set.filter(pk=factor.pk).exists()


def test_the_password_confirms(stale_client: Client, owner: User) -> None:
    wrong = stale_client.post("/account/confirm", {"password": "wrong"})
    assert (wrong.status_code, b"not correct" in wrong.content) == (400, True)
    path = "/account/security/app"
    right = stale_client.post("/account/confirm", {"password": PASSWORD, "next": path})
    assert right.url == path
    assert stale_client.get(path).status_code == 200


def test_a_code_confirms(stale_client: Client, owner: User) -> None:
    secret = add_app(owner)
    assert stale_client.post("/account/confirm", {"code": "000000"}).status_code == 400
    code = compute_code(secret, steps=1)
    assert stale_client.post("/account/confirm", {"code": code}).url == "/account"
    assert stale_client.post("/account/confirm", {"code": code}).status_code == 400


def test_the_password_of_another_account_does_not_confirm(
    stale_client: Client, create_user: Any
) -> None:
    create_user("mallory")
    form = {"password": PASSWORD + "x", "username": "mallory"}
    assert stale_client.post("/account/confirm", form).status_code == 400


def test_it_leads_to_no_other_site(stale_client: Client) -> None:
    form = {"password": PASSWORD, "next": "https://evil.test/"}
    assert stale_client.post("/account/confirm", form).url == "/account"


def test_guessing_is_stopped(stale_client: Client) -> None:
    for _ in range(6):
        stale_client.post("/account/confirm", {"password": "wrong"})
    response = stale_client.post("/account/confirm", {"password": PASSWORD})
    assert response.status_code == 400


def test_the_confirmation_of_one_account_is_none_for_another(
    owner_client: Client, create_user: Any
) -> None:
    """Whoever signs in as another person in the same browser has given that person's password."""
    other = create_user("mallory")
    owner_client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    session = owner_client.session
    assert session["confirmed"][0] == other.pk


def test_an_account_without_a_password_sets_one(owner_client: Client, owner: User) -> None:
    owner.set_unusable_password()
    owner.save()
    owner_client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert owner_client.get("/account/password").url == "/account/password/new"
    form = {"password1": "staple of batteries 7", "password2": "staple of batteries 7"}
    assert owner_client.post("/account/password/new", form).url == "/account"
    owner.refresh_from_db()
    assert owner.check_password("staple of batteries 7")
    assert owner_client.get("/account").status_code == 200
