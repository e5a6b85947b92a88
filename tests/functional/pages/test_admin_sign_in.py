"""Staff sign in where everybody does: failures are counted there."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db


def test_strangers_are_sent_to_sign_in():
    """The admin has no form of its own, also for who sends one."""
    client = Client()
    for answer in (
        client.get("/admin/login/"),
        client.post("/admin/login/", {"username": "root", "password": "guess"}),
    ):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login?next=")


def test_staff_come_back_to_the_admin(moderator):
    """The way from the admin through sign-in and back."""
    client = Client()
    there = client.get("/admin/", follow=True).redirect_chain[-1][0]
    answer = client.post(there, {"login": "maude", "password": PASSWORD, "next": "/admin/"})
    assert answer.headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_others_are_refused(owner):
    """An account that is no staff's gets no form to try other passwords in."""
    client = Client()
    client.force_login(owner)
    assert client.get("/admin/login/").status_code == 403
