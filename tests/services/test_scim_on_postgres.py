"""Races of an identity provider, which need a database with real concurrency."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from accounts.actions.email.verify_email import verify_email
from accounts.actions.scim.users import create_scim_user
from accounts.models import Organization, OrganizationMember, OwnerDomain, ScimUser, User
from accounts.security.verification_keys import build_verification_key
from tests.services.test_on_postgres import run_together
from tests.support.organizations import build_organization
from tests.support.people import create_user
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
