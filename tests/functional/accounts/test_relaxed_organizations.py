"""Operators let owners in who are locked out of their organization."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.actions.organizations.relax_rules import relax_organization_rules
from accounts.errors import OrganizationRightError
from accounts.models import AuditEntry, Organization, User
from accounts.policies import OrganizationRight, list_organization_rights
from tests.support.organizations import build_organization
from tests.support.people import PASSWORD, create_user

pytestmark = pytest.mark.django_db

_ACTIONS = ["organization.second-factor-optional", "organization.sso-optional"]


@pytest.fixture
def harbor(owner: User) -> Organization:
    """An organization whose only owner can neither add a factor nor use its single sign-on."""
    harbor = build_organization(owner, "harbor", mina="manager")
    Organization.objects.update(requires_second_factor=True, sso_only=True)
    harbor.refresh_from_db()
    return harbor


@pytest.fixture
def operator(db: None) -> User:
    return create_user("olga", is_superuser=True, is_staff=True)


def sign_in(name: str) -> Client:
    client = Client()
    assert client.post("/login", {"login": name, "password": PASSWORD}).status_code == 302
    return client


def select(client: Client, harbor: Organization, action: str = "relax") -> tuple[int, str]:
    """Run the action on the organization; returns the status and the page after it."""
    path = reverse("admin:accounts_organization_changelist")
    response = client.post(
        path, {"action": action, "_selected_action": [str(harbor.pk)]}, follow=True
    )
    return response.status_code, response.content.decode()


def list_required(harbor: Organization) -> tuple[bool, bool]:
    harbor.refresh_from_db()
    return harbor.requires_second_factor, harbor.sso_only


def has_rights(name: str, harbor: Organization) -> bool:
    rights = list_organization_rights(User.objects.get(username=name), harbor)
    return OrganizationRight.SEE_MEMBERS in rights


def test_an_operator_does_it_in_the_admin(harbor: Organization, operator: User) -> None:
    assert not has_rights("acme", harbor)
    status, page = select(sign_in("olga"), harbor)
    assert status == 200
    assert "No longer required: a second factor or its single sign-on, by harbor." in page
    assert list_required(harbor) == (False, False)
    assert has_rights("acme", harbor)
    entries = AuditEntry.objects.filter(action__in=_ACTIONS).order_by("id")
    assert [(each.action, each.actor_name, each.target) for each in entries] == [
        (action, "olga", "harbor") for action in _ACTIONS
    ]
    (message,) = [each for each in mail.outbox if "harbor" in each.subject]
    assert message.to == ["acme@example.test"]
    assert "no longer requires a second factor or its single sign-on" in message.subject
    assert "/organizations/harbor/settings" in message.body
    # Again: nothing is left.
    assert "Nothing is required by harbor." in select(sign_in("olga"), harbor)[1]
    assert AuditEntry.objects.filter(action__in=_ACTIONS).count() == 2


def test_nobody_else_does(harbor: Organization, operator: User) -> None:
    create_user("maude", is_moderator=True, is_staff=True)
    assert select(sign_in("acme"), harbor)[0] in (302, 403, 404)
    select(sign_in("maude"), harbor)
    with pytest.raises(OrganizationRightError):
        relax_organization_rules(actor=User.objects.get(username="maude"), organization=harbor)
    assert list_required(harbor) == (True, True)


def test_a_session_alone_is_not_enough(harbor: Organization, operator: User) -> None:
    client = Client()
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session.pop("confirmed", None)
    session.save()
    response = client.post(
        reverse("admin:accounts_organization_changelist"),
        {"action": "relax", "_selected_action": [str(harbor.pk)]},
    )
    assert response.headers["Location"].startswith("/account/confirm")
    assert list_required(harbor) == (True, True)


def test_an_operator_does_it_at_the_command_line(harbor: Organization) -> None:
    Organization.objects.update(requires_second_factor=False)
    out = StringIO()
    call_command("relax_organization", "@Harbor", stdout=out)
    assert out.getvalue() == "`harbor` no longer requires its single sign-on.\n"
    assert list_required(harbor) == (False, False)
    (entry,) = AuditEntry.objects.filter(action__in=_ACTIONS)
    assert (entry.action, entry.details) == (_ACTIONS[1], {"by_operator": True})
    call_command("relax_organization", "harbor", stdout=out)
    assert "requires neither" in out.getvalue()
    with pytest.raises(CommandError, match="no organization"):
        call_command("relax_organization", "nothing-here", stdout=out)
