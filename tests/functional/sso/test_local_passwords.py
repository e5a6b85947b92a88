"""An instance whose people sign in with single sign-on only."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import SsoConnection, User
from tests.support.identity_providers import OidcProvider, find_signed_in, sign_in
from tests.support.people import PASSWORD, create_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _passwords_off(settings: Any) -> None:
    settings.LOCAL_PASSWORDS = False


def try_password(username: str) -> User | None:
    """Sign in with the right password."""
    client = Client()
    client.post("/login", {"login": username, "password": PASSWORD})
    return find_signed_in(client)


def test_only_named_operators_use_a_password(operator: User) -> None:
    """Not other operators, and nobody else; the page says the same as for a wrong password."""
    create_user("ada")
    assert try_password("ada") is None
    assert try_password("olga") is None
    text = Client().post("/login", {"login": "ada", "password": PASSWORD}).content.decode()
    assert "is not correct" in text
    call_command("break_glass", "olga", stdout=StringIO())
    assert try_password("olga") == operator
    User.objects.update(is_superuser=False)
    assert try_password("olga") is None
    User.objects.update(is_superuser=True)
    call_command("break_glass", "olga", "--remove", stdout=StringIO())
    assert try_password("olga") is None


@pytest.mark.parametrize("username", ["ada", "nobody"])
def test_names_who_cannot_be_named(username: str) -> None:
    """People without rights, and accounts that do not exist."""
    create_user("ada")
    with pytest.raises(CommandError, match=username):
        call_command("break_glass", username)


def test_the_sign_in_page_leads_to_the_provider(
    connection: SsoConnection, provider: OidcProvider, client: Client
) -> None:
    """Without a form; it is there for operators who ask for it."""
    page = client.get("/login").content.decode()
    assert f"/sso/{connection.public_id}/start" in page
    assert 'name="password"' not in page
    assert "Create an account" not in page
    assert 'name="password"' in client.get("/login?password").content.decode()
    assert sign_in(client, connection, provider).status_code == 302


def test_nobody_signs_up_or_resets_a_password(operator: User) -> None:
    """Both would be ways around the provider; the answers do not tell who exists."""
    create_user("ada")
    client = Client()
    values = {
        "username": "eve",
        "email": "eve@example.test",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    client.post("/signup", values)
    assert not User.objects.filter(username="eve").exists()
    for address in ("ada@example.test", "olga@example.test"):
        client.post("/password/reset", {"email": address})
        assert "/password/reset/key/" not in mail.outbox[-1].body


def test_operators_link_accounts_that_cannot_sign_in(
    connection: SsoConnection, provider: OidcProvider, client: Client
) -> None:
    """With the subject that a test sign-in, or a refused one, shows."""
    user = create_user("ada")
    call_command("link_sso", "ada", connection.public_id, "person-1", stdout=StringIO())
    sign_in(client, connection, provider)
    assert find_signed_in(client) == user
    with pytest.raises(CommandError, match="linked"):
        call_command("link_sso", "ada", connection.public_id, "person-2")
    with pytest.raises(CommandError, match="no such"):
        call_command("link_sso", "ada", "unknown", "person-2")
