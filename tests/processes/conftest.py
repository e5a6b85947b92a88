"""One registry for all tests of this folder; whichever ended it, the next starts it again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes.harness import Registry, prepare_folder


@pytest.fixture(scope="session")
def _registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry") / "data"
    prepare_folder(folder)
    registry = Registry(folder)
    yield registry
    registry.kill_everything()
    registry.http.close()


@pytest.fixture
def registry(_registry: Registry) -> Registry:
    """The session's registry, running."""
    _registry.start()
    return _registry
