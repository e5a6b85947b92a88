"""Races of an identity provider, which need a database with real concurrency."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from accounts.actions.email.verify_email import verify_email
from accounts.actions.scim.map_group import map_scim_group
from accounts.actions.scim.users import create_scim_user
from accounts.models import (
    Organization,
    OrganizationMember,
    OrganizationRole,
    OwnerDomain,
    ScimUser,
    Token,
    User,
)
from accounts.security.verification_keys import build_verification_key
from tests.functional.api.calls import Api
from tests.services.test_on_postgres import run_together
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user
from tests.support.scim import Answer, Provider, build_provider, build_user

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def harbor(postgres: str, transactional_db: None, owner: User) -> Organization:
    """An organization on PostgreSQL."""
    assert connection.vendor == "postgresql"
    return build_organization(owner, "harbor")


@pytest.fixture
def provider(harbor: Organization, owner: User) -> Provider:
    """The SCIM client of the organization."""
    return build_provider(harbor, owner)


def test_of_several_posts_of_a_user_one_succeeds(provider: Provider, harbor: Organization) -> None:
    """The others get 409, and leave no account behind."""
    before = User.objects.count()
    body = build_user("jane@harbor.example", externalId="00u1", active=True)
    answers = run_together([lambda: provider.send("POST", "Users", body)] * 6)
    statuses = [each.status for each in answers if isinstance(each, Answer)]
    assert sorted(statuses) == [201, *[409] * 5], answers
    for each in answers:
        assert isinstance(each, Answer)
        if each.status == 409:
            assert each.json["scimType"] == "uniqueness"
    row = ScimUser.objects.get()
    assert User.objects.count() == before + 1
    assert OrganizationMember.objects.filter(organization=harbor, user=row.user).count() == 1


def test_users_with_one_external_id_are_created_once(harbor: Organization) -> None:
    """Also if their names differ, of which each would get an account of its own."""

    def create(name: str) -> ScimUser:
        body = build_user(name, externalId="00u1")
        return create_scim_user(organization=harbor, document=body)

    before = User.objects.count()
    results = run_together([lambda name=name: create(name) for name in ("jane", "joan", "jean")])
    assert [isinstance(each, ScimUser) for each in results].count(True) == 1, results
    assert User.objects.count() == before + 1


@pytest.mark.parametrize("by_mail", [False, True])
def test_an_address_is_verified_by_one_account(harbor: Organization, by_mail: bool) -> None:
    """Of accounts that SCIM creates, or that verify it by mail, at the same time."""
    OwnerDomain.objects.create(
        owner=harbor.owner, domain="harbor.example", token="t", verified_at=timezone.now()
    )

    def create(name: str, address: str) -> ScimUser:
        body = build_user(name, emails=[{"value": address}])
        return create_scim_user(organization=harbor, document=body)

    for number in range(5):
        address = f"office-{number}@harbor.example"
        names = [f"{name}-{number}" for name in ("jane", "joe", "jim")]
        works: list[Callable[[], object]] = [partial(create, name, address) for name in names]
        if by_mail:
            guest = create_user(f"guest-{number}", is_verified=False)
            guest.email = address
            guest.save()
            works[1:] = [partial(verify_email, actor=guest, key=build_verification_key(guest))]
        results = run_together(works)
        assert User.objects.filter(email=address, is_verified=True).count() == 1, results


def test_nothing_outlives_a_person_whom_the_provider_removes_at_once(
    provider: Provider, harbor: Organization, owner: User
) -> None:
    """A request with the person's token is answered before the removal, or refused; and leaves nothing usable."""
    OwnerDomain.objects.create(
        owner=harbor.owner, domain="harbor.example", token="t", verified_at=timezone.now()
    )
    guest = create_user("guest")
    for number in range(4):
        person = provider.create_user(f"jane{number}@harbor.example")
        group = provider.create_group(f"Managers {number}", person["id"])
        map_scim_group(
            actor=owner, organization=harbor, public_id=group["id"], team="", role="manager"
        )
        account = provider.get_account(person["id"])
        texts = [create_api_token(account) for _ in range(2)]
        invitation = {"addressee": guest.username, "role": "member"}
        token = {"name": "kept", "scopes": ["read"], "days": 1}
        acts = [
            partial(Api(texts[0]).post, "/organizations/harbor/invitations", invitation),
            partial(Api(texts[1]).post, "/me/tokens", token),
        ]
        if number % 2:
            end = {"op": "replace", "path": "active", "value": False}
            path = f"Users/{person['id']}"
        else:
            end = {"op": "remove", "path": "members"}
            path = f"Groups/{group['id']}"
        *answers, ended = run_together([*acts, partial(provider.patch, path, end)])
        assert isinstance(ended, Answer), ended
        assert ended.status in (200, 204), ended.json
        for answer in answers:
            assert answer.status_code in (200, 201, 401, 403, 404), answer.content
        assert not harbor.invitations.exists()
        if number % 2:
            usable = Token.objects.filter(user=account, revoked_at=None)
            assert not usable.exists()
            assert not harbor.memberships.filter(user=account).exists()
        else:
            assert harbor.memberships.get(user=account).role == OrganizationRole.MEMBER
