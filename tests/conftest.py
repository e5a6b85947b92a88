"""What every test gets: no network beyond this machine, people, a way to publish."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from accounts.models import User
    from tests.support.publishing import Publisher

_SERVICES = ("PLUGPORT_TEST_DATABASE_URL", "PLUGPORT_TEST_REDIS_URL", "MEILI_URL")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Tests speak to this machine only, and to services that somebody named to them.

    pytest-socket reads its options after this, and guards every test by them.
    """
    named = (urlsplit(os.environ.get(variable, "")).hostname for variable in _SERVICES)
    config.option.allow_hosts = ["127.0.0.1", "localhost", "::1", *filter(None, named)]
    config.option.allow_unix_socket = True


@pytest.fixture(autouse=True)
def _keep_connection() -> None:
    """A test lives in one transaction of one connection, which the end of a request must not close.

    Django's own client sees to that; calls past it (WSGI) need this.
    """
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)


@pytest.fixture(autouse=True)
def _own_storage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, settings: Any
) -> Iterator[None]:
    """Packages, scratch and queue of each test lie in a folder of its own; limits start anew."""
    from django.core.cache import cache, caches
    from django.core.files.storage import storages

    from marketplace.search import guard, recording
    from marketplace.search.engines import get_engine
    from registry import downloads, limits, storage

    folder = tmp_path_factory.mktemp("data")
    settings.STORAGES = {
        **settings.STORAGES,
        "packages": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder / "packages")},
        },
    }
    settings.SCRATCH_DIR = folder / "scratch"
    settings.SEARCH_ENGINE = {
        "BACKEND": "marketplace.search.engines.embedded.EmbeddedEngine",
        "OPTIONS": {"path": str(folder / "search")},
    }
    storage.get_store.cache_clear()
    limits._get_limiter.cache_clear()
    downloads._pending.clear()
    get_engine.cache_clear()
    guard.reset()
    recording._pending.clear()
    cache.clear()
    caches["files"].clear()
    yield
    storage.get_store.cache_clear()
    storages._storages.pop("packages", None)


@pytest.fixture
def packages_dir(settings: Any) -> Path:
    """The folder that local packages lie in."""
    return Path(settings.STORAGES["packages"]["OPTIONS"]["location"])


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    """Make an account that signs in with the password `correct horse battery`."""
    from tests.support.people import make_user as make

    return make


@pytest.fixture
def owner(make_user: Callable[..., User]) -> User:
    """She who publishes."""
    return make_user("acme")


@pytest.fixture
def outsider(make_user: Callable[..., User]) -> User:
    """Somebody with an account and no role in the owner's plugins."""
    return make_user("mallory")


@pytest.fixture
def moderator(make_user: Callable[..., User]) -> User:
    """Who decides on held releases."""
    return make_user("maude", is_moderator=True, is_staff=True)


@pytest.fixture
def publisher(owner: User) -> Publisher:
    """Publishes through the pipeline as the owner."""
    from tests.support.publishing import Publisher

    return Publisher(owner)
