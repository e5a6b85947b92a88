"""A running registry for all tests of this folder; whichever ended it, the next starts it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.harness import Registry, copy_folder, prepare_folder


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database, an account and a token."""
    folder = tmp_path_factory.mktemp("template") / "data"
    prepare_folder(folder)
    return folder


@pytest.fixture(scope="module")
def _registry(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry") / "data"
    registry = Registry(copy_folder(template, folder))
    yield registry
    registry.kill_everything()
    registry.http.close()


@pytest.fixture
def registry(_registry: Registry) -> Registry:
    """The module's registry, running."""
    _registry.start()
    return _registry
