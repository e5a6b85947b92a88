"""No response tells whether an account has an email address; only a mail to the address does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.support.hashing import COUNTING_HASHER, CountingHasher
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db
KNOWN, UNKNOWN = "acme@example.test", "nobody@example.test"
NEW_PASSWORD = "staple of batteries 7"


@pytest.fixture(autouse=True)
def _settings(settings, owner):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PASSWORD_HASHERS = [COUNTING_HASHER]
    User.objects.update(password=make_password(PASSWORD))


@dataclass(frozen=True)
class Answer:
    """What the sender of a request sees, and the work for it."""

    status: int
    location: str
    text: str
    queries: int
    hashes: int
    mails: int


def _send(client: Client, path: str, form: dict[str, Any]) -> Answer:
    hashes, mails = CountingHasher.count, len(mail.outbox)
    with CaptureQueriesContext(connection) as queries:
        response = client.post(path, form)
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    for value in form.values():
        text = text.replace(value, "…")
    return Answer(
        status=response.status_code,
        location=response.headers.get("Location", ""),
        text=text,
        queries=len(queries),
        hashes=CountingHasher.count - hashes,
        mails=len(mail.outbox) - mails,
    )


def _sign_up(client: Client, username: str, email: str) -> Answer:
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    return _send(client, "/signup", {**form, "username": username, "email": email})


@pytest.mark.parametrize(
    ("known", "unknown"),
    [("acme", "nobody"), (KNOWN, UNKNOWN), (KNOWN.upper(), UNKNOWN.upper())],
)
def test_a_failed_sign_in(known: str, unknown: str) -> None:
    """Same text, same queries, and one password hash."""
    answers = [
        _send(Client(), "/login", {"login": login, "password": "wrong"})
        for login in (known, unknown)
    ]
    assert answers[0] == answers[1]
    assert (answers[0].status, answers[0].hashes) == (200, 1)
    assert "is not correct" in answers[0].text


def test_sign_up() -> None:
    """A known address makes an account like any other; the mail differs."""
    unknown = _sign_up(Client(), "tide-a", UNKNOWN)
    known = _sign_up(Client(), "tide-b", KNOWN.upper())
    assert known == unknown
    assert (known.location, known.mails, known.hashes) == ("/account", 1, 1)
    assert "To verify the address, sign in as tide-a" in mail.outbox[0].body
    assert "already belongs to your account acme" in mail.outbox[1].body
    assert "/account/email/key/" not in mail.outbox[1].body


def test_pages_of_the_new_account() -> None:
    """Nothing that the new account can see or do tells more."""
    pages = []
    for username, email in (("tide-a", UNKNOWN), ("tide-b", KNOWN)):
        client = Client()
        _sign_up(client, username, email)
        form = {"login": email, "password": NEW_PASSWORD}
        seen = [client.get(path).content.decode() for path in ("/account", "/account/email")]
        seen += [
            _send(Client(), "/login", form).text,
            client.get("/account/tokens").content.decode(),
        ]
        seen.append(_send(client, "/account/email", {"action": "send"}).text)
        seen.append(_send(client, "/account/email", {"action": "change", "email": KNOWN}).text)
        clean = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", "".join(seen))
        pages.append(clean.replace(username, "NAME").replace(email, "…"))
    assert pages[0].replace(KNOWN, "…") == pages[1]


@pytest.mark.parametrize("known", [KNOWN, KNOWN.upper()])
def test_a_forgotten_password(client: Client, known: str) -> None:
    """One mail in both cases."""
    answers = [_send(client, "/password/reset", {"email": email}) for email in (known, UNKNOWN)]
    assert answers[0] == answers[1]
    assert (answers[0].location, answers[0].mails) == ("/password/reset/sent", 1)
    assert "for the account acme, open this link" in mail.outbox[0].body
    assert "No account has this address." in mail.outbox[1].body


def test_many_accounts_with_one_address(client: Client, create_user: Any) -> None:
    """One mail with at most ten links, and only that of the account that verified the address."""
    for number in range(12):
        create_user(f"tide-{number}", is_verified=False)
    User.objects.filter(username__startswith="tide").update(email=UNKNOWN)
    answer = _send(client, "/password/reset", {"email": UNKNOWN})
    assert (answer.mails, mail.outbox[0].body.count("/password/reset/key/")) == (1, 10)
    User.objects.filter(username="tide-11").update(is_verified=True)
    _send(client, "/password/reset", {"email": UNKNOWN})
    assert re.findall(r"for the account (\S+),", mail.outbox[1].body) == ["tide-11"]
