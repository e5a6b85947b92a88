"""One registry for all tests of this folder; a test that stops it does not affect the next one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes.harness import Registry, prepare_folder


@pytest.fixture(scope="session")
def _registry(
    tmp_path_factory: pytest.TempPathFactory, empty_database: bytes
) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry") / "data"
    prepare_folder(folder, empty_database)
    registry = Registry(folder)
    yield registry
    registry.close()


@pytest.fixture
def registry(_registry: Registry) -> Registry:
    """The session's registry, started if necessary."""
    _registry.start()
    return _registry
