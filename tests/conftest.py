"""Fixtures for all tests: network restrictions, accounts, a publisher."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Generator, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import hypothesis
import pytest

if TYPE_CHECKING:
    from accounts.models import User
    from tests.support.publishing import Publisher
    from tests.support.server import LiveRegistry

_SERVICES = ("PLUGPORT_TEST_DATABASE_URL", "PLUGPORT_TEST_REDIS_URL", "MEILI_URL")
# Fixtures that start a registry for the whole session.
_RUNNING_REGISTRIES = ("demo_registry", "live_registry", "_registry")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Allow connections to this machine and to the services in `_SERVICES` only.

    pytest-socket reads its options after this hook.
    """
    named = (urlsplit(os.environ.get(variable, "")).hostname for variable in _SERVICES)
    config.option.allow_hosts = ["127.0.0.1", "localhost", "::1", *filter(None, named)]
    config.option.allow_unix_socket = True
    # On top of Hypothesis' own profile, which is reproducible in CI. No deadline: a slow machine
    # must not fail a test. CI tries the most examples (`full`); local runs try fewer.
    base = hypothesis.settings.get_current_profile_name()
    for name, examples in {"full": 100, "quick": 15}.items():
        hypothesis.settings.register_profile(
            name, hypothesis.settings.get_profile(base), max_examples=examples, deadline=None
        )
    if not config.getoption("--hypothesis-profile"):
        hypothesis.settings.load_profile("full" if os.environ.get("CI") else "quick")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Group tests for `--dist loadgroup`, and start the long groups first.

    A file's tests stay together, and so do all that use one running registry: a second worker
    would have to start it again. So do all that use the Redis database: registries on the same one
    would take each other's messages. Short groups run last, to balance the workers. A test can name
    a group of its own.
    """
    groups: dict[Path, str] = {}
    for item in items:
        _mark(item)
        fixtures = getattr(item, "fixturenames", ())
        if "redis_url" in fixtures:
            groups[item.path] = "redis"
        if registry := next((name for name in _RUNNING_REGISTRIES if name in fixtures), None):
            kind = "browser" if item.get_closest_marker("browser") else "processes"
            groups[item.path] = f"{registry}-{kind}"
    # Before pytest-xdist reads the groups.
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(groups.get(item.path, str(item.path))))
    yield
    # After pytest-django has sorted.
    items.sort(key=lambda item: item.path not in groups)


def _mark(item: pytest.Item) -> None:
    """Set the marks by which `bin/test-services` selects.

    pytest-django refuses the database to a test that has neither of its fixtures nor its mark.
    """
    if "tests/services/" in item.path.as_posix():
        item.add_marker(pytest.mark.services)
    fixtures = getattr(item, "fixturenames", ())
    if "django_db_setup" in fixtures or item.get_closest_marker("django_db"):
        item.add_marker(pytest.mark.database)


def pytest_collection_finish() -> None:
    """Exclude imported modules and collected tests from garbage collection (`gc.freeze`).

    They live until the end, and each full collection would visit all of their objects. Tests leave
    little for it to find: it runs less often than by default, which saves 5 % of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, None, None]:
    """Stop the running registries after the last test of their group."""
    from tests.support.groups import end_group

    try:
        return (yield)
    finally:
        end_group(item, nextitem)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Drop the copy of the PostgreSQL database, after the workers have ended."""
    if os.environ.get("PLUGPORT_TEST_DATABASE_URL") and not hasattr(session.config, "workerinput"):
        from tests.support.migrated import drop_template

        drop_template()


@pytest.fixture(autouse=True)
def _keep_connections() -> None:
    """Keep the database connection open after a request: its transaction contains the test's data.

    Django's test client disconnects the handler for each of its requests and connects it again, so
    tests that call WSGI themselves need this before each test.
    """
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)


@pytest.fixture(scope="session", autouse=True)
def _skip_disk_flushes() -> Iterator[None]:
    """`fsync` does nothing in this process.

    Tests do not simulate power failures, so the result is the same, and waiting for the disk is a
    third of the time of publishing. Registries in separate processes still call it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture(scope="session")
def _data_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Paths of data folders for tests. A `mktemp` per test would list all earlier ones."""
    root = tmp_path_factory.mktemp("data")
    return (root / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_storage(_data_folders: Iterator[Path], settings: Any) -> Iterator[None]:
    """Give each test empty folders for packages, scratch and index, empty caches and full quotas."""
    from django.core.cache import cache, caches

    from common import rate_limits
    from common.expensive.results import get_result_cache
    from marketplace.search import circuit_breaker, query_log
    from marketplace.search.engines import get_engine
    from registry import storage
    from registry.downloads import counts as download_counts

    folder = next(_data_folders)
    settings.STORAGES = {
        **settings.STORAGES,
        "packages": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder / "packages")},
        },
    }
    settings.SCRATCH_DIR = folder / "scratch"
    settings.RESULT_CACHE_DIR = folder / "results"
    settings.SEARCH_ENGINE = {
        "BACKEND": "marketplace.search.engines.embedded.EmbeddedEngine",
        "OPTIONS": {"path": str(folder / "search")},
    }
    storage.get_store.cache_clear()
    get_result_cache.cache_clear()
    rate_limits.build_limiter.cache_clear()
    for kind in ("read", "invitation"):
        rate_limits.get_limiter(kind).storage.reset()
    download_counts.discard_downloads()
    get_engine.cache_clear()
    circuit_breaker.reset()
    query_log.discard_searches()
    cache.clear()
    caches["cards"].clear()
    caches["files"].clear()
    yield
    storage.get_store.cache_clear()


def _allow_truncation(cursor: Any) -> None:
    cursor.execute(
        "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%no_truncate'"
    )
    for trigger, table in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> bytes:
    """Create the test database, and return a copy of it before any test (see `empty_database`).

    All migrations take each worker seven seconds of processor time: only one of them runs them.
    """
    from django.db import connection

    from tests.support.migrated import share_migrations

    with django_db_blocker.unblock(), share_migrations():
        # The fixture of pytest-django, which this one replaces.
        request.getfixturevalue("django_db_setup")
    if connection.vendor == "postgresql":
        # Tests with `transaction=True` empty all tables at their end. The audit log refuses that.
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            if connection.settings_dict["NAME"].startswith("test_"):
                _allow_truncation(cursor)
    # pytest-django creates no test database if none of the selected tests uses one.
    if connection.vendor != "sqlite" or not connection.is_in_memory_db():
        return b""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        return bytes(cursor.connection.serialize())


@pytest.fixture(scope="session")
def empty_database(django_db_setup: bytes) -> bytes:
    """The file of a SQLite database after all migrations, for registries in separate processes.

    Migrating a database takes as long as starting a registry. No bytes on PostgreSQL, and if no
    selected test uses a database.
    """
    return django_db_setup


@pytest.fixture(scope="session")
def _live_registry(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, empty_database: bytes
) -> Iterator[LiveRegistry]:
    from tests.support.groups import stop_after_groups
    from tests.support.server import run_live_registry

    with run_live_registry(tmp_path_factory.mktemp("live"), empty_database) as registry:
        stop_after_groups(request.session, registry.stop)
        yield registry


@pytest.fixture(scope="module")
def live_registry(_live_registry: LiveRegistry) -> LiveRegistry:
    """A registry in separate processes, with a worker. All tests share it: use unique names."""
    _live_registry.start_again()
    return _live_registry


@pytest.fixture(scope="module")
def chromium(django_db_setup: bytes) -> Iterator[Any]:
    """The browser, started once for each module.

    Not for the session: Playwright keeps an event loop in this thread until it ends, and Django
    refuses synchronous database calls where an event loop runs. For the same reason, the database is
    created first, also for tests without one: a later test of the module may need it.
    """
    from tests.support.browser import run_chromium

    with run_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def module_db(django_db_setup: bytes, django_db_blocker: Any) -> Iterator[None]:
    """A transaction around the tests of a module: all of them see the data created in it.

    Tests that use it need `db` too: its inner transaction rolls back the changes of a test.
    """
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def module_publisher(module_db: None) -> Publisher:
    """Publishes as `acme` for all tests of a module; their `owner` must be its actor."""
    from tests.support.people import create_user
    from tests.support.publishing import Publisher

    return Publisher(create_user("acme"))


@pytest.fixture
def _module_packages(_own_storage: None, settings: Any) -> None:
    """Serve packages that a module fixture published, outside any test's folder."""
    from registry.storage import get_store
    from tests.settings import STORAGES

    settings.STORAGES = STORAGES
    get_store.cache_clear()


@pytest.fixture
def packages_dir(settings: Any) -> Path:
    """The folder of the stored packages."""
    return Path(settings.STORAGES["packages"]["OPTIONS"]["location"])


@pytest.fixture
def create_user(db: None) -> Callable[..., User]:
    """Create an account that signs in with the password `correct horse battery`."""
    from tests.support.people import create_user as make

    return make


@pytest.fixture
def owner(create_user: Callable[..., User]) -> User:
    """The account that publishes."""
    return create_user("acme")


@pytest.fixture
def outsider(create_user: Callable[..., User]) -> User:
    """An account without a role in the owner's plugins."""
    return create_user("mallory")


@pytest.fixture
def moderator(create_user: Callable[..., User]) -> User:
    """An account that decides on held releases."""
    return create_user("maude", is_moderator=True, is_staff=True)


@pytest.fixture
def publisher(owner: User) -> Publisher:
    """Publishes through the whole pipeline as the owner."""
    from tests.support.publishing import Publisher

    return Publisher(owner)
