"""Requests that were checked before the owner recovered the account, and end afterwards."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from tests.support.meanwhile import Meanwhile
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db
_THIEF = {"password1": "thief of batteries 8", "password2": "thief of batteries 8"}
_OWNER = {"password1": "staple of batteries 7", "password2": "staple of batteries 7"}


@pytest.fixture(autouse=True)
def _settings(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": f"{Meanwhile.__module__}.Meanwhile"}]
    Meanwhile.action = None


def _open_reset_form(email: str) -> tuple[Client, str]:
    client = Client()
    client.post("/password/reset", {"email": email})
    link = re.search(r"(/password/reset/key/\S+)", mail.outbox[-1].body)
    assert link is not None
    return client, client.get(link[1], follow=True).request["PATH_INFO"]


def _sign_in(name: str) -> Client:
    client = Client()
    client.post("/login", {"login": name, "password": PASSWORD})
    return client


def test_a_change_of_the_password_does_not_overwrite_a_reset(owner):
    """The thief's form was checked against the old password just before the owner set a new one."""
    thief = _sign_in("acme")
    client, path = _open_reset_form(owner.email)
    Meanwhile.action = lambda: client.post(path, _OWNER)
    response = thief.post("/account/password", {"oldpassword": PASSWORD, **_THIEF})
    assert response.status_code == 403
    assert "was changed" in response.content.decode()
    owner.refresh_from_db()
    assert owner.check_password(_OWNER["password1"])


def test_a_link_sets_one_password(owner):
    client, path = _open_reset_form(owner.email)
    other, other_path = _open_reset_form(owner.email)
    Meanwhile.action = lambda: client.post(path, _OWNER)
    assert other.post(other_path, _THIEF).status_code == 403
    owner.refresh_from_db()
    assert owner.check_password(_OWNER["password1"])


def test_a_link_verifies_no_other_address(create_user):
    """The address of the account changes after the key in the link was checked."""
    user = create_user("tide", is_verified=False)
    session = _sign_in("tide")
    client, path = _open_reset_form(user.email)
    form = {"action": "change", "email": "victim@example.test"}
    Meanwhile.action = lambda: session.post("/account/email", form)
    assert client.post(path, _THIEF).status_code == 403
    user.refresh_from_db()
    assert (user.email, user.is_verified) == ("victim@example.test", False)
