"""Authenticator apps and recovery codes."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from accounts.models import AuditEntry, User
from tests.support.factors import add_app, compute_code
from tests.support.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_home")]
FORM = {"login": "acme", "password": PASSWORD}


def _read_codes(page: Any) -> list[str]:
    return [each.text for each in page.by_class("codes")[0].all("code")]


def _sign_in_with(code: str) -> Any:
    client = Client()
    assert client.post("/login", FORM).url == "/login/factor"
    # Not signed in yet.
    assert client.get("/account").status_code == 302
    return client.post("/login/factor", {"code": code})


def test_an_app_is_added_and_asked_for(owner_client: Any, owner: User, open_page: Any) -> None:
    page = open_page(owner_client, "/account/security/app")
    secret = page.by_class("install")[0].one("code").text.replace(" ", "")
    assert page.by_class("scan")[0].one("svg")
    wrong = owner_client.post("/account/security/app", {"code": "000000"})
    assert (wrong.status_code, b"not correct" in wrong.content) == (400, True)
    code = compute_code(secret)
    done = owner_client.post("/account/security/app", {"code": f"{code[:3]} {code[3:]}"})
    assert done.url == "/account/security/recovery-codes"
    owner.refresh_from_db()
    assert owner.has_second_factor
    (message,) = mail.outbox
    assert (message.to, "authenticator app was added" in message.body) == ([owner.email], True)
    assert AuditEntry.objects.filter(action="factor.added", actor=owner).count() == 1
    assert len(_read_codes(open_page(owner_client, done.url))) == 10
    # The code that added the app is used up, and so is every earlier one.
    assert _sign_in_with(code).status_code == 200
    assert _sign_in_with(compute_code(secret, steps=-1)).status_code == 200
    assert _sign_in_with(compute_code(secret, steps=1)).url == "/account"


def test_a_code_works_once(owner: User) -> None:
    code = compute_code(add_app(owner), steps=1)
    assert _sign_in_with(code).url == "/account"
    again = _sign_in_with(code)
    assert (again.status_code, b"used before" in again.content) == (200, True)


def test_secrets_are_encrypted(owner: User, settings: Any) -> None:
    secret = add_app(owner)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key"
    assert _sign_in_with(compute_code(secret, steps=1)).url == "/account"
    settings.SECRET_KEY_FALLBACKS = []
    # Unreadable, so refused: neither an error page nor a way in.
    assert _sign_in_with(compute_code(secret, steps=1)).status_code == 200


def test_a_recovery_code_works_once(owner: User, open_page: Any) -> None:
    add_app(owner)
    client = Client()
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    codes = _read_codes(open_page(client, "/account/security/recovery-codes"))
    assert _sign_in_with(codes[0]).url == "/account"
    assert _sign_in_with(codes[0]).status_code == 200
    assert AuditEntry.objects.filter(action="recovery-code.used").count() == 1
    assert _read_codes(open_page(client, "/account/security/recovery-codes")) == codes[1:]
    client.post("/account/security/recovery-codes")
    fresh = _read_codes(open_page(client, "/account/security/recovery-codes"))
    assert len(fresh) == 10
    assert _sign_in_with(codes[1]).status_code == 200
    assert _sign_in_with(fresh[0]).url == "/account"


@pytest.mark.parametrize("code", ["", "abc", "12345", "٣٣٣٣٣٣", "1" * 20, "\0" * 6])
def test_other_texts_are_refused(owner: User, code: str) -> None:
    add_app(owner)
    assert _sign_in_with(code).status_code == 200


def test_guessing_codes_is_stopped(owner: User) -> None:
    secret = add_app(owner)
    client = Client()
    client.post("/login", FORM)
    for _ in range(5):
        client.post("/login/factor", {"code": "000000"})
    # Also from another network and a new sign-in: the limit belongs to the account.
    other = Client(REMOTE_ADDR="192.0.2.9")
    other.post("/login", FORM)
    right = other.post("/login/factor", {"code": compute_code(secret, steps=1)})
    assert (right.status_code, b"Too many" in right.content) == (200, True)


def test_a_new_password_ends_a_sign_in_that_waits_for_its_factor(owner: User) -> None:
    secret = add_app(owner)
    client = Client()
    client.post("/login", FORM)
    owner.set_password("staple of batteries 7")
    owner.save()
    response = client.post("/login/factor", {"code": compute_code(secret, steps=1)})
    assert response.url == "/login"
    assert client.get("/account").status_code == 302


def test_removing_the_last_factor(owner_client: Any, owner: User, open_page: Any) -> None:
    add_app(owner)
    factor = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    other = Client()
    other.force_login(
        User.objects.create(username="mallory"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    assert other.post(f"/account/security/{factor.pk}/remove").status_code == 404
    assert owner_client.get(f"/account/security/{factor.pk}/remove").status_code == 405
    owner_client.post(f"/account/security/{factor.pk}/remove")
    owner.refresh_from_db()
    assert not owner.has_second_factor
    assert not Authenticator.objects.exists()
    assert "was removed" in mail.outbox[-1].body
    assert Client().post("/login", FORM).url == "/account"


def test_an_unverified_account_cannot_add_factors(owner_client: Any, owner: User) -> None:
    """Otherwise whoever signs up with an address of another person could lock that person out."""
    User.objects.update(is_verified=False)
    for path in ("/account/security/app", "/account/security/passkeys/new"):
        assert owner_client.get(path).status_code == 403
    assert b"Verify your email address" in owner_client.get("/account/security").content


def test_the_owner_of_an_address_removes_the_factors_of_a_stranger(owner: User) -> None:
    add_app(owner)
    User.objects.update(is_verified=False)
    client = Client()
    client.post("/password/reset", {"email": owner.email})
    link = next(
        word for word in mail.outbox[-1].body.split() if "/password/reset/key/" in word
    ).removeprefix("https://plugins.example.test")
    form = client.get(link, follow=True)
    passwords = {"password1": "staple of batteries 7", "password2": "staple of batteries 7"}
    assert client.post(form.request["PATH_INFO"], passwords).url == "/password/reset/done"
    owner.refresh_from_db()
    assert (owner.is_verified, owner.has_second_factor) == (True, False)
    assert not Authenticator.objects.exists()


def test_a_reset_password_does_not_replace_the_factor(owner: User) -> None:
    add_app(owner)
    client = Client()
    client.post("/password/reset", {"email": owner.email})
    link = next(
        word for word in mail.outbox[-1].body.split() if "/password/reset/key/" in word
    ).removeprefix("https://plugins.example.test")
    form = client.get(link, follow=True)
    passwords = {"password1": "staple of batteries 7", "password2": "staple of batteries 7"}
    client.post(form.request["PATH_INFO"], passwords)
    response = Client().post("/login", {"login": "acme", "password": "staple of batteries 7"})
    assert response.url == "/login/factor"
