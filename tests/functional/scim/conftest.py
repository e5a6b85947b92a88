"""Fixtures of SCIM."""

from __future__ import annotations

import pytest

from accounts.models import Organization, User
from tests.support.organizations import build_organization
from tests.support.people import create_user
from tests.support.scim import Provider, build_provider


@pytest.fixture
def harbor(owner: User) -> Organization:
    """An organization that `acme` owns."""
    return build_organization(owner, "harbor")


@pytest.fixture
def provider(owner: User, harbor: Organization) -> Provider:
    """An identity provider with a token of the organization."""
    return build_provider(harbor, owner)


@pytest.fixture
def other(db: None) -> Provider:
    """The identity provider of another organization."""
    stranger = create_user("rival")
    return build_provider(build_organization(stranger, "canyon"), stranger)
