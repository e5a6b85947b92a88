"""What a thief leaves behind in an account, and how strangers disturb its owner."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import (
    AuditEntry,
    Organization,
    OwnerDomain,
    RegisteredIssuer,
    ScimToken,
    User,
)
from registry.models import TrustedPublisher
from tests.functional.accounts.conftest import HOME
from tests.functional.pages.dom import parse
from tests.support.factors import SoftPasskey, add_app
from tests.support.organizations import build_organization
from tests.support.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_home")]
NEW_PASSWORD = "staple of batteries 7"
FORM = {"login": "acme", "password": PASSWORD}


def _reset(owner: User) -> None:
    client = Client()
    client.post("/password/reset", {"email": owner.email})
    words = mail.outbox[-1].body.split()
    link = next(word for word in words if "/password/reset/key/" in word).removeprefix(HOME)
    form = client.get(link, follow=True)
    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert client.post(form.request["PATH_INFO"], passwords).url == "/password/reset/done"


def _add_access(owner: User, name: str, at: dt.datetime) -> None:
    SocialAccount.objects.create(user=owner, provider=name, uid=name)
    SocialAccount.objects.filter(uid=name).update(date_joined=at)
    RegisteredIssuer.objects.create(owner=owner.owner, url=f"https://{name}.example", created_at=at)
    OwnerDomain.objects.create(
        owner=owner.owner, domain=f"{name}.example", token=name, created_at=at
    )
    ScimToken.objects.create(
        organization=Organization.objects.get(),
        name=name,
        sha256=name,
        created_by=owner,
        created_at=at,
        expires_at=timezone.now() + dt.timedelta(days=30),
    )
    TrustedPublisher.objects.create(
        name=f"@acme/{name}",
        created_by=owner,
        provider="github",
        issuer="https://token.actions.githubusercontent.com",
        repository=f"acme/{name}",
        identity=name,
        created_at=at,
    )


def test_what_was_added_before_a_reset_is_removed(owner: User) -> None:
    now = timezone.now()
    build_organization(owner, "harbor")
    _add_access(owner, "thief", now - dt.timedelta(hours=70))
    _add_access(owner, "old", now - dt.timedelta(hours=74))
    _reset(owner)
    assert [link.provider for link in SocialAccount.objects.all()] == ["old"]
    assert [issuer.url for issuer in RegisteredIssuer.objects.all()] == ["https://old.example"]
    assert [domain.domain for domain in OwnerDomain.objects.all()] == ["old.example"]
    assert [each.name for each in TrustedPublisher.objects.all()] == ["@acme/old"]
    assert [each.name for each in ScimToken.objects.filter(revoked_at=None)] == ["old"]
    removed, kept = mail.outbox[-1].body.split("still work")
    for line in (
        "sign-in with",
        "issuer of CI jobs",
        "domain",
        "SCIM token",
        "trusted publisher of",
    ):
        assert f"- {line}" in removed
        assert f"- {line}" in kept
    assert ("thief" in removed, "thief" in kept) == (True, False)
    assert ("old" in removed.split("removed")[1], "acme/old" in kept) == (False, True)
    acts = ("site.unlinked", "issuer.removed", "domain.removed", "trusted-publisher.removed")
    acts += ("scim-token.revoked",)
    assert AuditEntry.objects.filter(action__in=acts).count() == 5


def _find_options(client: Client, path: str) -> Any:
    page = parse(client.get(path).content.decode())
    (form,) = [form for form in page.all("form") if "data-options" in form.attrs]
    return json.loads(form.attrs["data-options"])


def _sign_in_alone(passkey: SoftPasskey) -> Any:
    client = Client()
    options = client.get("/login/passkey", headers={"accept": "application/json"}).json()
    form = {"credential": json.dumps(passkey.get(options["request_options"]))}
    return client.post("/login/passkey", form)


def test_a_new_passkey_needs_the_new_password(owner: User, owner_client: Client) -> None:
    passkey, path = SoftPasskey(HOME), "/account/security/passkeys/new"
    answer = passkey.create(_find_options(owner_client, path))
    owner_client.post(path, {"name": "thief", "credential": json.dumps(answer)})
    assert _sign_in_alone(passkey).url == "/account"
    _reset(owner)
    assert _sign_in_alone(passkey).url == "/login"
    assert "- passkey `thief`, added" in mail.outbox[-1].body
    client = Client()
    form = {"login": "acme", "password": NEW_PASSWORD}
    assert client.post("/login", form).url == "/login/factor", "the factor is still asked for"
    answer = passkey.get(_find_options(client, "/login/factor"))
    assert client.post("/login/factor", {"credential": json.dumps(answer)}).url == "/account"
    assert _sign_in_alone(passkey).url == "/account"


def test_a_new_factor_signs_out_everywhere_else(owner: User, owner_client: Client) -> None:
    thief = Client()
    assert thief.post("/login", FORM).url == "/account"
    passkey, path = SoftPasskey(HOME), "/account/security/passkeys/new"
    answer = passkey.create(_find_options(owner_client, path))
    owner_client.post(path, {"name": "laptop", "credential": json.dumps(answer)})
    assert Authenticator.objects.filter(type="webauthn").count() == 1
    assert owner_client.get("/account").status_code == 200
    assert thief.get("/account").url.startswith("/login")


def test_strangers_do_not_lock_out_the_owner(owner: User) -> None:
    known, stranger = Client(), Client()
    assert known.post("/login", FORM).url == "/account"
    known.post("/logout")
    for _ in range(6):
        stranger.post("/login", {"login": "acme", "password": "wrong"})
    assert b"Too many failed" in stranger.post("/login", FORM).content
    # A browser that signed in to another account is a stranger too.
    assert known.post("/login", FORM).url == "/account"
    known.post("/logout")
    for _ in range(6):
        known.post("/login", {"login": "acme", "password": "wrong"})
    assert b"Too many failed" in known.post("/login", FORM).content


def test_a_form_behind_a_confirmation_leads_back(owner: User, owner_client: Client) -> None:
    add_app(owner)
    session = owner_client.session
    session["confirmed"] = [session["confirmed"][0], session["confirmed"][1] - 301]
    session.save()
    factor = Authenticator.objects.get(user=owner, type="totp")
    response = owner_client.post(f"/account/security/{factor.pk}/remove")
    assert response.url == "/account/confirm?next=%2Faccount%2Fsecurity"
    assert b"Your form was not kept" in owner_client.get(response.url).content
    back = owner_client.post(
        "/account/confirm", {"password": PASSWORD, "next": "/account/security"}
    )
    assert owner_client.get(back.url).status_code == 200
