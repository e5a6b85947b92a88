"""Reading and sending pages as an account, in tests."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from tests.functional.pages.dom import Node, parse


def sign_in(user: User) -> Client:
    """A browser in which the user is signed in."""
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def read(client: Client, path: str, **query: str) -> str:
    """The text of the page."""
    return parse(client.get(path, query).content.decode()).text


def send(client: Client, path: str, **form: str) -> Node:
    """Send a form; returns the page that follows."""
    return parse(client.post(path, form, follow=True).content.decode())


def send_for_message(client: Client, path: str, **form: str) -> str:
    """Send a form; returns the message of the page that follows."""
    response = client.post(path, form, follow=True)
    assert response.status_code == 200, response.status_code
    return " ".join(str(message) for message in response.context["messages"])
