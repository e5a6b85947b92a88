"""Where an account is signed in, and sign-ins from new browsers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from accounts.models import AccountSession, AuditEntry, User
from tests.functional.pages.dom import parse
from tests.support.factors import add_app, compute_code
from tests.support.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_home")]
FORM = {"login": "acme", "password": PASSWORD}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def _sign_in(**environment: str) -> Client:
    client = Client(**environment)
    assert client.post("/login", FORM).url == "/account"
    return client


def _list(client: Client) -> list[str]:
    page = parse(client.get("/account/sessions").content.decode())
    return [row.text for row in page.by_class("sessions")[0].by_class("member")]


def test_sessions_are_listed(owner: User) -> None:
    client = _sign_in(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.7")
    _sign_in(HTTP_USER_AGENT="curl/8")
    other, own = sorted(_list(client), key=lambda row: "This session" in row)
    assert own.startswith("Firefox on Linux This session")
    assert "192.0.2.7" in own
    assert other.startswith("Unknown browser")


def test_the_address_behind_the_gateway(owner: User, settings: Any) -> None:
    """The web server listens on a socket, which has no address."""
    settings.BEHIND_GATEWAY = True
    client = _sign_in(REMOTE_ADDR="", HTTP_X_FORWARDED_FOR="192.0.2.9")
    assert "192.0.2.9" in _list(client)[0]


def test_one_session_is_ended(owner: User, create_user: Any) -> None:
    client, lost = _sign_in(), _sign_in()
    row = AccountSession.objects.get(session_key=lost.session.session_key)
    stranger = Client()
    stranger.force_login(
        create_user("mallory"), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert stranger.post(f"/account/sessions/{row.pk}/end").status_code == 404
    assert client.get(f"/account/sessions/{row.pk}/end").status_code == 405
    assert client.post(f"/account/sessions/{row.pk}/end").url == "/account/sessions"
    assert lost.get("/account").status_code == 302
    assert client.get("/account").status_code == 200
    assert len(_list(client)) == 1


def test_signing_out_everywhere(owner: User) -> None:
    client, lost = _sign_in(), _sign_in()
    # Also a session that this version has not recorded.
    AccountSession.objects.filter(session_key=lost.session.session_key).delete()
    client.post("/account/sessions")
    assert lost.get("/account").status_code == 302
    assert client.get("/account").status_code == 200
    assert len(_list(client)) == 1
    assert AuditEntry.objects.filter(action="sessions.ended").count() == 1
    assert _sign_in().get("/account").status_code == 200


def test_a_new_password_ends_the_others(owner: User) -> None:
    client, lost = _sign_in(), _sign_in()
    new = "staple of batteries 7"
    client.post("/account/password", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert lost.get("/account").status_code == 302
    assert len(_list(client)) == 1


def test_signing_out_removes_the_session(owner: User) -> None:
    client, other = _sign_in(), _sign_in()
    other.post("/logout")
    assert len(_list(client)) == 1
    _sign_in()
    assert AccountSession.objects.count() == 2


def test_being_there_is_recorded_once_in_five_minutes(
    owner: User, django_assert_num_queries: Any
) -> None:
    client = _sign_in()
    with django_assert_num_queries(2):
        client.get("/account/email")
    session = client.session
    session["tracked"] = [session["tracked"][0], session["tracked"][1] - 301]
    session.save()
    AccountSession.objects.update(last_seen_at="2020-01-01T00:00:00Z")
    client.get("/account/email")
    assert AccountSession.objects.get().last_seen_at.year > 2020


@pytest.fixture
def confirmed(settings: Any) -> None:
    settings.CONFIRM_NEW_DEVICES = True


def _read_code() -> str:
    found = re.search(r"^([0-9]{6})$", mail.outbox[-1].body, re.MULTILINE)
    assert found
    return found[1]


def test_a_new_browser_is_confirmed_by_mail(owner: User, confirmed: None) -> None:
    client = Client(REMOTE_ADDR="192.0.2.7")
    assert client.post("/login", FORM).url == "/login/device"
    (message,) = mail.outbox
    assert (message.to, "192.0.2.7" in message.body) == ([owner.email], True)
    assert client.get("/account").status_code == 302
    wrong = f"{(int(_read_code()) + 1) % 10**6:06}"
    assert client.post("/login/device", {"code": wrong}).status_code == 400
    assert client.post("/login/device", {"code": _read_code()}).url == "/account"
    # Known from now on.
    client.post("/logout")
    assert client.post("/login", FORM).url == "/account"
    assert len(mail.outbox) == 1
    # Another account in the same browser is not.
    User.objects.filter(pk=owner.pk).update(username="acme-2")
    assert Client().post("/login", {**FORM, "login": "acme-2"}).url == "/login/device"


def test_wrong_codes_end_the_sign_in(owner: User, confirmed: None) -> None:
    client = Client()
    client.post("/login", FORM)
    wrong = f"{(int(_read_code()) + 1) % 10**6:06}"
    for _ in range(4):
        assert client.post("/login/device", {"code": wrong}).status_code == 400
    assert client.post("/login/device", {"code": wrong}).url == "/login"
    assert client.post("/login/device", {"code": _read_code()}).url == "/login"


def test_parallel_guesses_count(owner: User, confirmed: None) -> None:
    """Requests at the same time read the same session, and each stores one attempt."""
    client = Client()
    client.post("/login", FORM)
    rows = Session.objects.filter(pk=client.session.session_key)
    before = rows.values_list("session_data", flat=True).get()
    wrong = f"{(int(_read_code()) + 1) % 10**6:06}"
    for _ in range(5):
        client.post("/login/device", {"code": wrong})
        rows.update(session_data=before)
    assert client.post("/login/device", {"code": _read_code()}).status_code == 429


def test_the_code_of_another_sign_in_is_refused(owner: User, confirmed: None) -> None:
    first, second = Client(), Client()
    first.post("/login", FORM)
    code = _read_code()
    second.post("/login", FORM)
    if code == _read_code():
        return
    assert second.post("/login/device", {"code": code}).status_code == 400


def test_mails_are_limited(owner: User, confirmed: None) -> None:
    for _ in range(5):
        assert Client().post("/login", FORM).url == "/login/device"
    assert Client().post("/login", FORM).url == "/login"
    assert len(mail.outbox) == 5


def test_an_app_does_not_replace_the_mail(owner: User, confirmed: None) -> None:
    secret = add_app(owner)
    client = Client()
    client.post("/login", FORM)
    response = client.post("/login/factor", {"code": compute_code(secret, steps=1)})
    assert response.url == "/login/device"


def test_who_has_no_verified_address_gets_no_code(owner: User, confirmed: None) -> None:
    User.objects.update(is_verified=False)
    assert Client().post("/login", FORM).url == "/account"
    User.objects.update(is_verified=True, email="")
    assert Client().post("/login", FORM).url == "/account"


def test_a_new_password_forgets_browsers(owner: User, confirmed: None) -> None:
    client = Client()
    client.post("/login", FORM)
    client.post("/login/device", {"code": _read_code()})
    client.post("/logout")
    owner.refresh_from_db()
    owner.set_password("staple of batteries 7")
    owner.save()
    form = {**FORM, "password": "staple of batteries 7"}
    assert client.post("/login", form).url == "/login/device"


@pytest.mark.parametrize("cookie", ["", "x", "a:b:c", "x" * 5000])
def test_a_forged_cookie_is_ignored(owner: User, confirmed: None, cookie: str) -> None:
    client = Client()
    client.cookies["plugport_devices"] = cookie
    assert client.post("/login", FORM).url == "/login/device"
