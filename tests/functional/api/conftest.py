"""Fixtures of the API tests: callers with tokens and a publisher shared by a module."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.functional.api.calls import Api
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher


@pytest.fixture(scope="module")
def module_publisher(module_db: None) -> Publisher:
    """Publishes as `ada` for all tests of a module. Downloads also need `_module_packages`."""
    return Publisher(create_user("ada"))


@pytest.fixture
def api(db: None) -> Api:
    """A caller without a token."""
    return Api()


@pytest.fixture
def author(db: None, owner: User) -> Api:
    """The owner, with a token that has every scope."""
    return Api(create_api_token(owner))


@pytest.fixture
def stranger(db: None, outsider: User) -> Api:
    """An account with a valid token and no role."""
    return Api(create_api_token(outsider))


@pytest.fixture
def judge(db: None, moderator: User) -> Api:
    """A moderator with a token."""
    return Api(create_api_token(moderator))
