"""What the tests of the API share: tokens, a way to send packages, a live registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from registry.storage import get_store
from tests.functional.api.calls import Api
from tests.settings import STORAGES
from tests.support.people import make_token, make_user
from tests.support.publishing import Publisher
from tests.support.server import live_registry  # noqa: F401 -- a fixture


@pytest.fixture(scope="module")
def module_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A transaction around the tests of a module: what is made in it is there for all of them.

    Each test needs `db` beside it, whose transaction takes back what the test itself changes.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def module_publisher(module_db: None) -> Publisher:
    """Publishes as `ada` for all tests of a module; for downloads see `_module_packages`."""
    return Publisher(make_user("ada"))


@pytest.fixture
def _module_packages(_own_storage: None, settings: Any) -> None:
    """Serve the packages that `module_publisher` has published."""
    settings.STORAGES = STORAGES
    get_store.cache_clear()


@pytest.fixture
def api(db: None) -> Api:
    """A caller without a token."""
    return Api()


@pytest.fixture
def author(db: None, owner: User) -> Api:
    """The owner with a token that may do everything."""
    return Api(make_token(owner))


@pytest.fixture
def stranger(db: None, outsider: User) -> Api:
    """Somebody with a good token and no role."""
    return Api(make_token(outsider))


@pytest.fixture
def judge(db: None, moderator: User) -> Api:
    """A moderator with a token."""
    return Api(make_token(moderator))
