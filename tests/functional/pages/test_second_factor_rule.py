"""The page on which owners require a second factor, and what members without one see."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions.organizations.invitations import invite_person
from accounts.models import Organization, OrganizationInvitation, OrganizationRole, User
from tests.functional.pages.browsing import send_for_message as send
from tests.functional.pages.conftest import Open
from tests.support.factors import add_app
from tests.support.organizations import build_organization
from tests.support.people import create_user

PAGE = "/organizations/harbor/second-factor"
REASON = "harbor requires a second factor, and your account mel has none"


@pytest.fixture
def harbor(owner: User) -> Organization:
    return build_organization(owner, "harbor", mina="manager", mel="member")


def sign_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def test_an_owner_sees_who_loses_access_and_requires_it(
    owner: User, harbor: Organization, open_page: Open
) -> None:
    client = sign_in(owner.username)
    assert open_page("/organizations/harbor/settings", by=client).all("a", href=PAGE)
    refused = send(client, PAGE, action="require")
    assert "the account `acme` has no second factor" in refused
    harbor.refresh_from_db()
    assert not harbor.requires_second_factor
    add_app(owner)
    client = sign_in(owner.username)
    text = open_page(PAGE, by=client).text
    assert "2 members without a second factor would lose access" in text
    assert "mina" in text
    assert "mel" in text
    assert "Rights now count only" in send(client, PAGE, action="require")
    assert "2 members without a second factor have no access" in open_page(PAGE, by=client).text
    assert "no longer need a second factor" in send(client, PAGE, action="end")
    for name in ("mina", "mel"):
        assert sign_in(name).get(PAGE).status_code == 403


def test_a_member_without_one_reads_why_and_where_to_add_it(
    owner: User, harbor: Organization, open_page: Open
) -> None:
    Organization.objects.update(requires_second_factor=True)
    mel = sign_in("mel")
    for path in ("/organizations/harbor/members", "/account/organizations"):
        page = open_page(path, by=mel)
        assert REASON in page.text
        assert page.all("a", href="/account/security")
    refused = open_page("/organizations/harbor/teams", by=mel, status=403)
    assert "the account mel has none: its rights in the organization do not count" in refused.text
    assert REASON not in open_page("/organizations/harbor/members").text


def test_a_new_member_reads_it_when_joining(owner: User, harbor: Organization) -> None:
    create_user("nina")
    invite_person(actor=owner, organization=harbor, addressee="nina", role=OrganizationRole.MEMBER)
    Organization.objects.update(requires_second_factor=True)
    add_app(owner)
    sent = OrganizationInvitation.objects.get()
    path = f"/account/organizations/invitations/{sent.pk}/accept"
    message = send(sign_in("nina"), path)
    assert "Your rights do not count yet." in message
