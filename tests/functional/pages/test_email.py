"""`/account/email`: verifying the address of an account that signed up."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import AuditEntry, Token, User
from common.mail_files import BACKEND
from tests.functional.pages.dom import parse

pytestmark = pytest.mark.django_db
PASSWORD = "staple of batteries 7"
TOKEN_FORM = {"name": "laptop", "scopes": ["publish"], "days": "30"}


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.BASE_URL = "https://plugins.example.test"


def _sign_up(username: str = "tide", email: str = "tide@example.test") -> Client:
    client = Client()
    form = {"password1": PASSWORD, "password2": PASSWORD}
    response = client.post("/signup", {**form, "username": username, "email": email})
    assert response.headers["Location"] == "/account", response.content
    return client


def _find_link(number: int = -1) -> str:
    found = re.search(
        r"https://plugins\.example\.test(/account/email/key/\S+)", mail.outbox[number].body
    )
    assert found is not None, mail.outbox[number].body
    return found[1]


def _verify(client: Client) -> Any:
    return client.post("/account/email", {"action": "verify"})


def test_a_new_account_verifies_its_address(open_page):
    """The link leads to a button; then the account can create tokens."""
    client = _sign_up()
    assert "Verify your email address" in open_page("/account", by=client).text
    assert mail.outbox[0].to == ["tide@example.test"]
    response = client.get(_find_link())
    assert (response.status_code, response.headers["Location"]) == (302, "/account/email")
    page = open_page("/account/email", by=client)
    assert "Verify tide@example.test for the account tide" in page.text
    # A program that follows the links of a mail changes nothing.
    assert not User.objects.get().is_verified
    assert _verify(client).headers["Location"] == "/account"
    assert "Your email address is verified." in open_page("/account", by=client).text
    assert AuditEntry.objects.filter(action="email.verified").count() == 1
    assert "Verify your email address" not in open_page("/account", by=client).text
    assert client.post("/account/tokens", TOKEN_FORM).status_code == 200
    assert Token.objects.count() == 1


def test_before_that_it_can_create_no_token(open_page):
    """There is no form, and a request without it gets the reason."""
    client = _sign_up()
    page = open_page("/account/tokens", by=client)
    assert not page.all("input", id="id_name")
    assert "Verify your email address" in page.text
    response = client.post("/account/tokens", TOKEN_FORM)
    assert response.status_code == 403
    page = parse(response.content.decode())
    assert "The email address of the account tide is not verified." in page.text
    assert "https://plugins.example.test/account/email" in page.text
    assert not Token.objects.exists()


def test_the_link_requires_a_sign_in(open_page):
    """In another browser, the link leads to the sign-in form and back."""
    _sign_up()
    browser = Client()
    browser.get(_find_link())
    assert browser.get("/account/email").headers["Location"] == "/login?next=/account/email"
    browser.post("/login", {"login": "tide", "password": PASSWORD})
    assert _verify(browser).headers["Location"] == "/account"
    assert User.objects.get().is_verified


def test_the_owner_of_a_misused_address_verifies_nothing(open_page, owner_client, owner):
    """Someone signs up with a victim's address, and the victim follows the link of the mail."""
    User.objects.filter(pk=owner.pk).update(is_verified=False)
    _sign_up("mallory", email="victim@example.test")
    owner_client.get(_find_link())
    assert (
        "This link does not verify the address of acme"
        in open_page("/account/email", by=owner_client).text
    )
    response = _verify(owner_client)
    assert response.status_code == 400
    assert "belongs to another account" in response.content.decode()
    assert not User.objects.filter(is_verified=True).exists()


@pytest.mark.parametrize("reason", ["late", "used", "replaced", "changed"])
def test_a_link_that_no_longer_works(settings, open_page, reason):
    """Expired, used before, replaced by one to another address, or changed on the way."""
    client = _sign_up()
    link = _find_link()
    if reason == "late":
        settings.PASSWORD_RESET_TIMEOUT = -1
    elif reason == "used":
        client.get(link)
        _verify(client)
        User.objects.update(is_verified=False, email="other@example.test")
    elif reason == "replaced":
        cache.clear()
        client.post("/account/email", {"action": "change", "email": "other@example.test"})
    else:
        link += "0"
    client.get(link)
    assert "This link is expired or was used before." in open_page("/account/email", by=client).text
    assert _verify(client).status_code == 400
    assert not User.objects.get().is_verified


def test_a_wrong_link_leaves_nothing_behind(open_page):
    """Anyone can open such URLs; they add no session to the database."""
    client = Client()
    for key in ("1-abc", "x", "9" * 30 + "-abc", "-", "1-" + "z" * 3000):
        assert client.get(f"/account/email/key/{key}").headers["Location"] == "/account/email"
    assert not Session.objects.exists()
    assert "This link is expired or was used before." in open_page("/login", by=client).text


def test_without_a_link_nothing_is_verified():
    """The form alone proves nothing."""
    client = _sign_up()
    assert _verify(client).status_code == 400
    assert not User.objects.get().is_verified


def test_another_mail(open_page):
    """One a minute; the page says so."""
    client = _sign_up()
    response = client.post("/account/email", {"action": "send"})
    assert response.status_code == 429
    assert b"You can request one a minute" in response.content
    cache.clear()
    client.post("/account/email", {"action": "send"})
    assert len(mail.outbox) == 2
    assert "A mail to tide@example.test is on its way." in open_page("/account", by=client).text
    client.get(_find_link(0))
    assert _verify(client).headers["Location"] == "/account"


def test_one_address_gets_few_mails():
    """However many accounts request them."""
    for number in range(14):
        _sign_up(f"tide-{number}", email="victim@example.test")
    assert len(mail.outbox) == 10


def test_another_address(open_page):
    """A mistyped address is replaced, as long as it is not verified."""
    client = _sign_up(email="tiede@example.test")
    cache.clear()
    response = client.post("/account/email", {"action": "change", "email": "no address"})
    assert response.status_code == 400
    assert b"Enter a valid email address." in response.content
    client.post("/account/email", {"action": "change", "email": "Tide@Example.test"})
    assert User.objects.get().email == "tide@example.test"
    assert mail.outbox[-1].to == ["tide@example.test"]
    client.get(_find_link())
    _verify(client)
    response = client.post("/account/email", {"action": "change", "email": "evil@example.test"})
    assert response.status_code == 409
    assert User.objects.get().email == "tide@example.test"
    assert "Your account is verified" in open_page("/account/email", by=client).text


def test_two_accounts_with_one_address():
    """The first that verifies it has it."""
    first = _sign_up("tide-a", email="tide@example.test")
    second = _sign_up("tide-b", email="tide@example.test")
    first.get(_find_link(0))
    second.get(_find_link(1))
    assert _verify(second).headers["Location"] == "/account"
    response = _verify(first)
    assert response.status_code == 409
    assert b"Another account has verified this address." in response.content
    assert list(User.objects.filter(is_verified=True).values_list("username", flat=True)) == [
        "tide-b"
    ]


def test_sign_in_by_address_needs_a_verified_one(owner):
    """Otherwise an account could sign in with an address of somebody else."""
    client = _sign_up()
    form = {"login": "tide@example.test", "password": PASSWORD}
    assert b"after you have verified it" in Client().post("/login", form).content
    client.get(_find_link())
    _verify(client)
    assert Client().post("/login", form).headers["Location"] == "/account"


@pytest.mark.parametrize("path", ["/signup", "/account/email", "/password/reset"])
def test_a_mail_server_that_does_not_answer(settings, owner, open_page, path):
    """Nothing listens on port 1. The account is created; the other requests say why they failed."""
    client = _sign_up() if path == "/account/email" else Client()
    cache.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    if path == "/signup":
        client = _sign_up()
        assert "The mail cannot be sent at the moment." in open_page("/account", by=client).text
        return
    form = {"action": "send"} if path == "/account/email" else {"email": owner.email}
    response = client.post(path, form)
    assert response.status_code == 503
    assert b"The mail cannot be sent at the moment." in response.content


def test_without_a_mail_server_the_page_says_where_the_mail_is(settings, tmp_path, open_page):
    """The default of a local registry: mails are files in the data folder."""
    folder = tmp_path / "mail"
    folder.mkdir(mode=0o755)
    settings.EMAIL_BACKEND = BACKEND
    settings.EMAIL_FILE_PATH = str(folder)
    client = _sign_up()
    assert "in the folder mail of the data folder" in open_page("/account/email", by=client).text
    (file,) = folder.iterdir()
    # The link gives access to the account, so other users of the machine cannot read it.
    assert folder.stat().st_mode & 0o077 == 0
    assert "/account/email/key/" in file.read_text()


def test_an_account_without_an_address(owner_client, owner, open_page):
    """An operator created it, and then required a verified address."""
    User.objects.update(email="", is_verified=False)
    assert "Enter an address." in open_page("/account", by=owner_client).text
    assert "Your account has no email address." in open_page("/account/email", by=owner_client).text
    owner_client.post("/account/email", {"action": "send"})
    assert not mail.outbox
    owner_client.post("/account/email", {"action": "change", "email": "acme@example.test"})
    owner_client.get(_find_link())
    assert _verify(owner_client).headers["Location"] == "/account"


def test_the_log_has_no_address(settings, owner, caplog):
    """The answer of a mail server that refuses an address repeats it."""
    settings.EMAIL_BACKEND = "tests.support.mail_servers.RefusingBackend"
    Client().post("/password/reset", {"email": owner.email})
    assert "mail_failed" in caplog.text
    assert "SMTPRecipientsRefused" in caplog.text
    assert owner.email not in caplog.text


def test_accounts_of_operators_need_no_proof(owner_client, open_page):
    """`create_user`, `createsuperuser`, the demo."""
    for create in (User.objects.create_user, User.objects.create_superuser):
        assert create(f"by-{create.__name__.replace('_', '-')}").is_verified
    assert "Your account is verified" in open_page("/account/email", by=owner_client).text
