"""SCIM undoes neither a suspension nor the end of an account."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions.close_account import close_account
from accounts.actions.suspend_account import lift_suspension, suspend_account
from accounts.errors import AccountStateError
from accounts.models import Organization, Suspension, User
from tests.support.people import create_user
from tests.support.scim import Provider, build_user


def switch(provider: Provider, user_id: str, *, active: bool) -> int:
    operation = {"op": "replace", "path": "active", "value": active}
    return provider.patch(f"Users/{user_id}", operation).status


def is_active(account: User) -> bool:
    return User.objects.get(pk=account.pk).is_active


def test_activation_does_not_end_a_suspension(provider: Provider, harbor: Organization) -> None:
    user = provider.create_user("jane")
    account = provider.get_account(user["id"])
    suspend_account(actor=None, account=account, reason="spam")
    body = build_user("jane", active=True, displayName="Jane")
    assert provider.send("PUT", f"Users/{user['id']}", body).status == 200
    assert not is_active(account)
    assert switch(provider, user["id"], active=False) == 200
    assert switch(provider, user["id"], active=True) == 200
    assert not is_active(account)
    assert Suspension.objects.filter(user=account).exists()
    lift_suspension(actor=None, account=account)
    assert is_active(account)
    assert harbor.memberships.filter(user=account).exists()


def test_the_end_of_a_suspension_does_not_activate(
    provider: Provider, harbor: Organization
) -> None:
    user = provider.create_user("jane")
    account = provider.get_account(user["id"])
    suspend_account(actor=None, account=account, reason="spam")
    assert switch(provider, user["id"], active=False) == 200
    lift_suspension(actor=None, account=account)
    assert not is_active(account)
    assert not harbor.memberships.filter(user=account).exists()
    assert switch(provider, user["id"], active=True) == 200
    assert is_active(account)


def test_a_deactivated_account_can_be_suspended(provider: Provider) -> None:
    user = provider.create_user("jane", active=False)
    account = provider.get_account(user["id"])
    browser = Client()
    browser.force_login(
        create_user("olga", is_superuser=True, is_staff=True),
        backend="accounts.sign_in.SignInBackend",
    )
    page = f"/accounts/{account.username}"
    assert "Deactivated by its identity provider" in browser.get(page).content.decode()
    browser.post(page, {"action": "suspend", "reason": "spam"})
    assert Suspension.objects.get(user=account).reason == "spam"
    with pytest.raises(AccountStateError):
        suspend_account(actor=None, account=account, reason="again")
    assert switch(provider, user["id"], active=True) == 200
    assert not is_active(account)


def test_a_deleted_user_stays_suspended_and_closed(provider: Provider) -> None:
    """The identity provider ends no suspension, and the end of a suspension opens no deleted account."""
    user = provider.create_user("jane")
    account = provider.get_account(user["id"])
    suspend_account(actor=None, account=account, reason="spam")
    assert provider.send("DELETE", f"Users/{user['id']}").status == 204
    assert Suspension.objects.get(user=account).reason == "spam"
    again = provider.create_user("jane")
    assert provider.get_account(again["id"]) != account
    lift_suspension(actor=None, account=account)
    assert not is_active(account)
    with pytest.raises(AccountStateError):
        suspend_account(actor=None, account=account, reason="again")


def test_an_account_that_its_owner_closed_stays_closed_and_empty(
    provider: Provider, harbor: Organization
) -> None:
    user = provider.create_user("jane", name={"familyName": "Doe"})
    account = provider.get_account(user["id"])
    close_account(actor=account)
    body = build_user("jane", active=True, name={"familyName": "Roe"})
    assert provider.send("PUT", f"Users/{user['id']}", body).status == 200
    assert switch(provider, user["id"], active=False) == 200
    assert switch(provider, user["id"], active=True) == 400
    closed = User.objects.get(pk=account.pk)
    assert (closed.is_active, closed.last_name, closed.email) == (False, "", "")
    assert not harbor.memberships.filter(user=account).exists()
    # The way that the response names.
    assert provider.send("DELETE", f"Users/{user['id']}").status == 204
    again = provider.create_user("jane")
    assert provider.get_account(again["id"]).is_active
