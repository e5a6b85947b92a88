"""Fixtures: the registry, and the command line in an empty project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.registry import LocalRegistry, publish_plugin
from tests.client.support import Cli
from tests.settings import STORAGES
from tests.support.people import create_api_token, create_user

if TYPE_CHECKING:
    from accounts.models import User
    from registry.models import Release

USERNAME = "alice"


@pytest.fixture(scope="module")
def alice(module_db: None) -> User:
    """The user of the command line."""
    return create_user(USERNAME)


@pytest.fixture(scope="module")
def publish(alice: User) -> Callable[..., Release]:
    """Publish a small plugin of `alice` for all tests of a module, checks included."""

    def run(name: str, version: str = "1.0.0", **options: Any) -> Release:
        return publish_plugin(alice, name, version, **options)

    return run


@pytest.fixture
def registry(_own_storage: None, db: None, alice: User, settings: Any) -> LocalRegistry:
    """The real application, reached without a socket, with a token of `alice`."""
    from registry.storage import get_store

    # The packages of the module lie in the storage of the test run, not in that of one test.
    settings.STORAGES = STORAGES
    get_store.cache_clear()
    return LocalRegistry(create_api_token(alice))


@pytest.fixture
def cli(tmp_path: Path, registry: LocalRegistry, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line, logged in, in an empty project, with a home of its own."""
    return Cli.create(tmp_path, registry, monkeypatch)


@pytest.fixture
def served(cli: Cli, registry: LocalRegistry) -> Iterator[None]:
    """The registry on a port, for programs that run in a process of their own."""
    with registry.serve():
        cli.env["PLUGPORT_REGISTRY"] = registry.url
        yield
