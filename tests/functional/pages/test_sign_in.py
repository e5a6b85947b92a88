"""Sign-up, sign-in, sign-out, passwords."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.db import OperationalError, connection
from django.test import Client

from accounts.models import User
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "staple of batteries 7"


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.BASE_URL = "https://plugins.example.test"


def _sign_up(client: Client, **changes: str):
    form = {
        "username": "tide",
        "email": "tide@example.test",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
    }
    return client.post("/signup", {**form, **changes})


def test_sign_up_and_out_and_in(client, open_page):
    """Sign up, sign out, sign in again."""
    page = open_page("/signup")
    assert page.one("input", name="username")
    assert page.one("label", for_="id_username").text == "User name"
    response = _sign_up(client)
    assert (response.status_code, response.url) == (302, "/account")
    assert open_page("/account").one("h1").text == "tide"
    assert open_page("/logout").one("h1").text == "Sign out?"
    assert client.post("/logout").url == "/"
    assert client.get("/account").url == "/login?next=/account"
    response = client.post("/login", {"login": "tide", "password": NEW_PASSWORD})
    assert response.url == "/account"


def test_sign_in_leads_back(client, owner):
    """Sign-in redirects to the requested page, never to another site."""
    form = {"login": "acme", "password": PASSWORD}
    assert client.post("/login", {**form, "next": "/account/tokens"}).url == "/account/tokens"
    client.logout()
    assert client.post("/login", {**form, "next": "https://evil.test/"}).url == "/account"


def test_wrong_password(client, owner, open_page):
    """The form shows the error and keeps the user name."""
    from tests.functional.pages.dom import parse

    response = client.post("/login", {"login": "acme", "password": "wrong"})
    page = parse(response.content.decode())
    assert page.one("div", role="alert").text
    assert page.one("input", name="login").attrs["value"] == "acme"


@pytest.mark.parametrize("username", ["admin", "api", "two--dashes", "Upper Case", "a_b"])
def test_names_that_are_refused(client, username):
    """User names follow the rules of scopes."""
    response = _sign_up(client, username=username)
    assert response.status_code == 200
    assert b"errorlist" in response.content
    assert not User.objects.exists()


def test_weak_password(client):
    """Short and common passwords are refused."""
    assert b"errorlist" in _sign_up(client, password1="password1", password2="password1").content
    assert not User.objects.exists()


def test_closed_registry(client, open_page, settings):
    """With sign-up closed there is no link, and the page shows a message."""
    settings.ALLOW_SIGNUP = False
    assert "/signup" not in open_page("/").links
    assert open_page("/signup").one("h1").text == "Sign-up is closed"
    _sign_up(client)
    assert not User.objects.exists()


def test_forgotten_password(client, owner, open_page):
    """The email contains a link that works once."""
    response = client.post("/password/reset", {"email": owner.email})
    assert response.url == "/password/reset/sent"
    assert open_page("/password/reset/sent").one("h1").text == "Check your email"
    (message,) = mail.outbox
    assert message.subject == "[plugport] Set a new password"
    link = re.search(r"https://plugins\.example\.test(/password/reset/\S+)", message.body)
    assert link
    form = client.get(link[1], follow=True)
    path = form.request["PATH_INFO"]
    assert path.endswith("-set-password")
    done = client.post(path, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert done.url == "/password/reset/done"
    assert open_page("/password/reset/done").one("h1").text == "Your password is set"
    assert client.post("/login", {"login": "acme", "password": NEW_PASSWORD}).url == "/account"
    assert open_page(link[1], by=Client()).one("h1").text == "This link has expired"


def test_forgotten_password_of_an_unknown_address(client, open_page):
    """The page does not reveal whether an account exists; the email does."""
    response = client.post("/password/reset", {"email": "nobody@example.test"})
    assert response.url == "/password/reset/sent"
    assert "No account has this address." in mail.outbox[0].body


@pytest.mark.parametrize("email", ["acme@example.test", "nobody@example.test"])
def test_mails_lead_to_the_configured_address(client, owner, email):
    """The Host header is the sender's choice, so no mail contains it."""
    client.post("/password/reset", {"email": email}, headers={"host": "localhost:6666"})
    (message,) = mail.outbox
    assert "https://plugins.example.test/" in message.body
    assert "localhost" not in f"{message.subject} {message.body}"


def test_change_password(owner_client, owner):
    """Changing the password requires the old one."""
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    wrong = owner_client.post("/account/password", {"oldpassword": "wrong", **form})
    assert b"errorlist" in wrong.content
    owner_client.post("/account/password", {"oldpassword": PASSWORD, **form})
    owner.refresh_from_db()
    assert owner.check_password(NEW_PASSWORD)


def test_guessing_is_stopped(client, owner, open_page):
    """After several failures the account is locked for a while."""
    for _ in range(12):
        response = client.post("/login", {"login": "acme", "password": "wrong"})
    right = client.post("/login", {"login": "acme", "password": PASSWORD})
    assert right.status_code != 302
    for _ in range(40):
        response = client.post("/login", {"login": "acme", "password": "wrong"})
    assert response.status_code == 429
    assert b"Too many attempts" in response.content


def test_another_host_header_gives_no_more_guesses(client, owner):
    """Failed attempts count by account, whatever address the request names."""
    for number in range(5):
        client.post(
            "/login",
            {"login": "acme", "password": "wrong"},
            headers={"host": f"localhost:{8000 + number}"},
        )
    right = client.post("/login", {"login": "acme", "password": PASSWORD})
    assert b"Too many failed login attempts" in right.content


def test_an_outage_is_no_failed_attempt(client, owner):
    """Sign-ins that the database could not check do not lock the account, whatever the password."""

    def fail(*_arguments):
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(fail):
        for password in ["wrong", PASSWORD] * 20:
            response = client.post("/login", {"login": "acme", "password": password})
            assert response.status_code == 503
    # Wrong credentials count as before: four leave one attempt.
    for _ in range(4):
        response = client.post("/login", {"login": "acme", "password": "wrong"})
        assert response.status_code == 200
    assert client.post("/login", {"login": "acme", "password": PASSWORD}).url == "/account"


def test_closed_account(client, owner, open_page):
    """A closed account cannot sign in and gets an explanation."""
    User.objects.update(is_active=False)
    response = client.post("/login", {"login": "acme", "password": PASSWORD}, follow=True)
    assert "/account" not in [path for path, _status in response.redirect_chain]
    assert open_page("/account/inactive").one("h1").text == "This account is closed or suspended"


def test_forms_need_their_token(owner):
    """Cross-site requests are rejected."""
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/login", {"login": "acme", "password": PASSWORD})
    assert response.status_code == 403
    assert b"This form has expired." in response.content


@pytest.mark.parametrize("path", ["/signup", "/account/password"])
def test_rules_of_passwords_are_one_sentence(open_page, owner_client, client, path):
    """Once, below the field, with the length that is checked."""
    page = open_page(path, by=client if path == "/signup" else owner_client)
    rules = "At least 10 characters. Not a common password, not only digits"
    assert page.text.count(rules) == 1
    assert page.one(id="id_password1_helptext").text.startswith(rules)
    assert page.text.count("password must") == page.text.count("password can’t") == 0


def test_rules_of_user_names_are_at_their_field(open_page):
    page = open_page("/signup")
    rules = page.one(id="id_username_helptext").text
    assert rules.startswith("Lowercase letters, digits and hyphens. It is also your scope")
    assert page.text.count("scope") == 1


def test_help_with_a_link_is_a_link(open_page, owner_client):
    """Help of the sign-in library is HTML, and is shown as such."""
    help_text = open_page("/account/password", by=owner_client).one(id="id_oldpassword_helptext")
    assert help_text.text == "Forgot your password?"
    assert help_text.links == ["/password/reset"]
