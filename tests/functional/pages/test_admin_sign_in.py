"""Staff sign in at the normal form, which limits failed attempts."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db


def test_the_admin_redirects_to_the_sign_in_page():
    """The admin has no sign-in form and accepts no credentials."""
    client = Client()
    for response in (
        client.get("/admin/login/"),
        client.post("/admin/login/", {"username": "root", "password": "guess"}),
    ):
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/login?next=")


def test_staff_come_back_to_the_admin(moderator):
    """Signing in redirects back to the admin."""
    client = Client()
    there = client.get("/admin/", follow=True).redirect_chain[-1][0]
    response = client.post(there, {"login": "maude", "password": PASSWORD, "next": "/admin/"})
    assert response.headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_others_are_refused(owner):
    """An account without staff rights gets no form to try other passwords."""
    client = Client()
    client.force_login(owner)
    assert client.get("/admin/login/").status_code == 403
