"""A search index that is built once for a module. Each test has a copy that it may change."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.test import override_settings

from marketplace.search import indexer
from marketplace.search.engines import get_engine


def build_index(folder: Path) -> Path:
    """Index the plugins of the database in the folder."""
    engine = {
        "BACKEND": "marketplace.search.engines.embedded.EmbeddedEngine",
        "OPTIONS": {"path": str(folder)},
    }
    with override_settings(SEARCH_ENGINE=engine):
        get_engine.cache_clear()
        indexer.index_changes()
    get_engine.cache_clear()
    return folder


def copy_index(folder: Path, settings: Any) -> None:
    """Copy the folder and use the copy as the index of the test.

    The engine checks the times of the files, so the copy keeps them.
    """
    shutil.copytree(folder, settings.SEARCH_ENGINE["OPTIONS"]["path"])
