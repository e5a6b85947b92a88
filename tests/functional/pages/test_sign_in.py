"""Making an account, signing in and out, passwords."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "staple of batteries 7"


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def _sign_up(client: Client, **changes: str):
    form = {
        "username": "tide",
        "email": "tide@example.test",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
    }
    return client.post("/signup", {**form, **changes})


def test_sign_up_and_out_and_in(client, open_page):
    """From a stranger to an account, and back in with its password."""
    assert open_page("/signup").one("input", name="username")
    answer = _sign_up(client)
    assert (answer.status_code, answer.url) == (302, "/account")
    assert open_page("/account").one("h1").text == "tide"
    assert open_page("/logout").one("h1").text == "Sign out?"
    assert client.post("/logout").url == "/"
    assert client.get("/account").url == "/login?next=/account"
    answer = client.post("/login", {"login": "tide", "password": NEW_PASSWORD})
    assert answer.url == "/account"


def test_sign_in_leads_back(client, owner):
    """After signing in one is where one wanted to be; never on another site."""
    form = {"login": "acme", "password": PASSWORD}
    assert client.post("/login", {**form, "next": "/account/tokens"}).url == "/account/tokens"
    client.logout()
    assert client.post("/login", {**form, "next": "https://evil.test/"}).url == "/account"


def test_wrong_password(client, owner, open_page):
    """The form comes back with what is wrong, and with the name still in it."""
    from tests.functional.pages.dom import parse

    answer = client.post("/login", {"login": "acme", "password": "wrong"})
    page = parse(answer.content.decode())
    assert page.one("div", role="alert").text
    assert page.one("input", name="login").attrs["value"] == "acme"


@pytest.mark.parametrize("username", ["admin", "api", "two--dashes", "Upper Case", "a_b"])
def test_names_that_are_refused(client, username):
    """A user name is a scope, so its rules hold; nothing is made."""
    answer = _sign_up(client, username=username)
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    assert not User.objects.exists()


def test_weak_password(client):
    """Short and common passwords are refused."""
    assert b"errorlist" in _sign_up(client, password1="password1", password2="password1").content
    assert not User.objects.exists()


def test_closed_registry(client, open_page, settings):
    """Where strangers may not sign up there is no link, and the form says so."""
    settings.ALLOW_SIGNUP = False
    assert "/signup" not in open_page("/").links
    assert open_page("/signup").one("h1").text == "Sign-up is closed"
    _sign_up(client)
    assert not User.objects.exists()


def test_forgotten_password(client, owner, open_page):
    """A mail with a link that sets a password once."""
    answer = client.post("/password/reset", {"email": owner.email})
    assert answer.url == "/password/reset/sent"
    assert open_page("/password/reset/sent").one("h1").text == "Look into your mail"
    (message,) = mail.outbox
    link = re.search(r"http://testserver(/password/reset/\S+)", message.body)
    assert link
    form = client.get(link[1], follow=True)
    path = form.request["PATH_INFO"]
    assert path.endswith("-set-password")
    done = client.post(path, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert done.url == "/password/reset/done"
    assert open_page("/password/reset/done").one("h1").text == "Your password is set"
    assert client.post("/login", {"login": "acme", "password": NEW_PASSWORD}).url == "/account"
    assert open_page(link[1], by=Client()).one("h1").text == "This link is used up"


def test_forgotten_password_of_nobody(client, open_page):
    """The page does not tell whether an account exists; the mail does."""
    answer = client.post("/password/reset", {"email": "nobody@example.test"})
    assert answer.url == "/password/reset/sent"
    assert "There is no such account." in mail.outbox[0].body


def test_change_password(owner_client, owner):
    """The old password is asked for."""
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    wrong = owner_client.post("/account/password", {"oldpassword": "wrong", **form})
    assert b"errorlist" in wrong.content
    owner_client.post("/account/password", {"oldpassword": PASSWORD, **form})
    owner.refresh_from_db()
    assert owner.check_password(NEW_PASSWORD)


def test_guessing_is_stopped(client, owner, open_page):
    """After some wrong passwords the account is closed to guesses for a while."""
    for _ in range(12):
        answer = client.post("/login", {"login": "acme", "password": "wrong"})
    right = client.post("/login", {"login": "acme", "password": PASSWORD})
    assert right.status_code != 302
    for _ in range(40):
        answer = client.post("/login", {"login": "acme", "password": "wrong"})
    assert answer.status_code == 429
    assert b"Too many attempts" in answer.content


def test_closed_account(client, owner, open_page):
    """An account that the operator closed cannot sign in, and says why."""
    User.objects.update(is_active=False)
    answer = client.post("/login", {"login": "acme", "password": PASSWORD}, follow=True)
    assert "/account" not in [path for path, _status in answer.redirect_chain]
    assert open_page("/account/inactive").one("h1").text == "This account is closed"


def test_forms_need_their_token(owner):
    """A form that another site sends changes nothing."""
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/login", {"login": "acme", "password": PASSWORD})
    assert answer.status_code == 403
    assert b"This form is no longer valid." in answer.content
