"""Passkeys: as a second factor, instead of a password, at sign-up."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as hypothesis_settings

from accounts.actions.reset_password import reset_password
from accounts.models import User
from accounts.security.sessions import delete_expired_sessions
from tests.functional.accounts.conftest import HOME
from tests.functional.pages.dom import parse
from tests.support.factors import SoftPasskey
from tests.support.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_home")]
NEW = "/account/security/passkeys/new"


def _find_options(client: Client, path: str) -> Any:
    """The options of the form with `data-passkey` of a page."""
    page = parse(client.get(path).content.decode())
    (form,) = [form for form in page.all("form") if "data-options" in form.attrs]
    return json.loads(form.attrs["data-options"])


def _add(client: Client, passkey: SoftPasskey, **changes: Any) -> Any:
    answer = passkey.create(_find_options(client, NEW)) | changes
    return client.post(NEW, {"name": "laptop", "credential": json.dumps(answer)})


def _load_options(client: Client) -> Any:
    response = client.get("/login/passkey", headers={"accept": "application/json"})
    return response.json()["request_options"]


def _sign_in(client: Client, passkey: SoftPasskey, **values: Any) -> Any:
    answer = passkey.get(_load_options(client), **values)
    return client.post("/login/passkey", {"credential": json.dumps(answer)})


@pytest.fixture
def passkey(owner_client: Client) -> SoftPasskey:
    """A passkey of the owner."""
    made = SoftPasskey(HOME)
    assert _add(owner_client, made).url == "/account/security/recovery-codes"
    return made


def test_a_passkey_signs_in_without_a_password(passkey: SoftPasskey, owner: User) -> None:
    owner.refresh_from_db()
    assert owner.has_second_factor
    assert "`laptop` was added" in mail.outbox[-1].body
    client = Client()
    assert _sign_in(client, passkey).url == "/account"
    assert client.get("/account").status_code == 200


def test_a_passkey_is_a_second_factor(passkey: SoftPasskey) -> None:
    client = Client()
    assert client.post("/login", {"login": "acme", "password": PASSWORD}).url == "/login/factor"
    answer = passkey.get(_find_options(client, "/login/factor"))
    form = {"credential": json.dumps(answer)}
    assert client.post("/login/factor", form).url == "/account"


def test_a_passkey_confirms(passkey: SoftPasskey, owner_client: Client) -> None:
    answer = passkey.get(_find_options(owner_client, "/account/confirm"))
    form = {"credential": json.dumps(answer), "next": "/account/security"}
    assert owner_client.post("/account/confirm", form).url == "/account/security"


def test_without_verification_of_the_person_it_is_no_password(passkey: SoftPasskey) -> None:
    """A key that anyone who finds it can use does not sign in by itself."""
    client = Client()
    assert _sign_in(client, passkey, is_verified=False).url == "/login"
    assert client.get("/account").status_code == 302


def test_an_answer_works_once(passkey: SoftPasskey) -> None:
    client = Client()
    form = {"credential": json.dumps(passkey.get(_load_options(client)))}
    client.post("/login/passkey", form)
    client.logout()
    assert client.post("/login/passkey", form).url == "/login"
    assert Client().post("/login/passkey", form).url == "/login"


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "http://plugins.example.test", f"https://x.{HOME[8:]}"]
)
def test_answers_for_other_sites_are_refused(passkey: SoftPasskey, origin: str) -> None:
    passkey.origin = origin
    assert _sign_in(Client(), passkey).url == "/login"


def test_the_passkey_of_another_account_is_refused(passkey: SoftPasskey, create_user: Any) -> None:
    other = create_user("mallory")
    browser = Client()
    browser.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    foreign = SoftPasskey(HOME)
    assert _add(browser, foreign).status_code == 302
    # It names the account of the owner.
    foreign.user_handle = passkey.user_handle
    assert _sign_in(Client(), foreign).url == "/login"
    client = Client()
    client.post("/login", {"login": "acme", "password": PASSWORD})
    answer = foreign.get(_find_options(client, "/login/factor"))
    response = client.post("/login/factor", {"credential": json.dumps(answer)})
    assert response.status_code == 200


def test_a_closed_account_does_not_sign_in(passkey: SoftPasskey, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert _sign_in(Client(), passkey).url == "/account/inactive"


def test_sign_up_with_a_passkey() -> None:
    client = Client()
    assert client.post("/signup/passkey", {"username": "tide", "email": "t@example.test"}).url == (
        "/signup/passkey/new"
    )
    assert client.get("/account").status_code == 302
    passkey = SoftPasskey(HOME)
    answer = passkey.create(_find_options(client, "/signup/passkey/new"))
    form = {"name": "", "credential": json.dumps(answer)}
    assert client.post("/signup/passkey/new", form).url == "/account"
    user = User.objects.get(username="tide")
    assert (user.has_usable_password(), user.is_verified, user.has_second_factor) == (
        False,
        False,
        True,
    )
    assert _sign_in(Client(), passkey).url == "/account"
    # Without the passkey, nothing signs in.
    assert Client().post("/login", {"login": "tide", "password": ""}).status_code == 200


def test_a_sign_up_ends_when_the_owner_of_the_address_takes_the_account() -> None:
    """A stranger who began it could otherwise add a passkey to the account of the owner."""
    stranger = Client()
    stranger.post("/signup/passkey", {"username": "tide", "email": "t@example.test"})
    answer = SoftPasskey(HOME).create(_find_options(stranger, "/signup/passkey/new"))
    user = User.objects.get(username="tide")
    reset_password(user=user, password="staple of batteries 7")
    form = {"name": "", "credential": json.dumps(answer)}
    assert stranger.post("/signup/passkey/new", form).url == "/login"
    assert not Authenticator.objects.filter(user=user).exists()
    assert stranger.get("/account").status_code == 302


def test_challenges_do_not_fill_the_database(passkey: SoftPasskey) -> None:
    """Each is a session, which anyone can request: few, for a short time."""
    client = Client()
    _load_options(client)
    (row,) = Session.objects.filter(pk=client.session.session_key)
    assert row.expire_date < timezone.now() + dt.timedelta(hours=1)
    headers = {"accept": "application/json"}
    answers = [
        Client(REMOTE_ADDR="192.0.2.7").get("/login/passkey", headers=headers) for _ in range(61)
    ]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    # The session of a sign-in lasts as long as any other.
    client.post("/login/passkey", {"credential": json.dumps(passkey.get(_load_options(client)))})
    assert client.session.get_expiry_age() == settings.SESSION_COOKIE_AGE
    Session.objects.exclude(pk=client.session.session_key).update(expire_date=timezone.now())
    assert delete_expired_sessions() >= 60
    assert client.get("/account").status_code == 200


def test_an_address_has_no_passkeys(settings: Any) -> None:
    settings.BASE_URL, settings.BASE_HOST = "http://127.0.0.1:8000", "127.0.0.1"
    assert Client().get("/signup/passkey").url == "/signup"
    assert b"passkey" not in Client().get("/login").content


BROKEN = [
    "",
    "{",
    "[]",
    "null",
    "{}",
    "[" * 4000,
    '{"id":"x","rawId":"x","type":"public-key","response":{}}',
    '{"id":1,"rawId":[],"type":{},"response":[]}',
    '{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"AA"}}',
    "x" * 20_000,
]


@pytest.mark.parametrize("text", BROKEN)
def test_broken_answers_are_refused(owner_client: Client, text: str) -> None:
    client = Client()
    _load_options(client)
    assert client.post("/login/passkey", {"credential": text}).url == "/login"
    owner_client.get(NEW)
    assert owner_client.post(NEW, {"credential": text}).status_code == 400


JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(strategies.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(data=strategies.data())
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changed_answers_are_refused(passkey: SoftPasskey, data: strategies.DataObject) -> None:
    """Any part that is signed or looked up, replaced by any JSON: refused, never an error page."""
    client = Client(REMOTE_ADDR="192.0.2.7")
    answer = passkey.get({"publicKey": {"challenge": "AAAA", "rpId": HOME[8:]}})
    name = data.draw(strategies.sampled_from(["rawId", "response", *answer["response"]]))
    part = answer if name in answer else answer["response"]
    part[name] = data.draw(JSON)
    session = client.session
    session["mfa.webauthn.state"] = {"challenge": "AAAA", "user_verification": "required"}
    session.save()
    client.cookies["sessionid"] = session.session_key
    response = client.post("/login/passkey", {"credential": json.dumps(answer)})
    assert response.status_code in (302, 429)
    assert response.status_code == 429 or response.url == "/login"


def test_the_number_of_passkeys_is_limited(
    owner_client: Client, owner: User, passkey: SoftPasskey
) -> None:
    first = Authenticator.objects.get(type="webauthn")
    rows = [Authenticator(user=owner, type="webauthn", data=first.data) for _ in range(19)]
    Authenticator.objects.bulk_create(rows)
    response = _add(owner_client, SoftPasskey(HOME))
    assert (response.status_code, b"at most 20 passkeys" in response.content) == (400, True)
