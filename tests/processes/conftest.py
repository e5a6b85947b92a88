"""One registry for all tests of this folder; a test that stops it does not affect the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes.harness import Registry, prepare_folder
from tests.support.groups import stop_after_groups


@pytest.fixture(scope="session")
def _registry(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, empty_database: bytes
) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry") / "data"
    prepare_folder(folder, empty_database)
    registry = Registry(folder)
    stop_after_groups(request.session, registry.kill_everything)
    yield registry
    registry.close()


@pytest.fixture
def registry(_registry: Registry) -> Registry:
    """The registry, started if necessary."""
    _registry.start()
    return _registry
