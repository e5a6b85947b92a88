"""Messages that wake a worker do not pile up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.server import LiveRegistry
from tests.support.waking import check_that_messages_collapse

pytestmark = pytest.mark.processes


def test_publishes_without_a_worker_leave_one_message(
    tmp_path: Path, empty_database: bytes
) -> None:
    registry = LiveRegistry(tmp_path, empty_database=empty_database)
    try:
        check_that_messages_collapse(
            registry, lambda: len(list((tmp_path / "queue").glob("[!.]*.msg")))
        )
    finally:
        registry.stop()
