"""Messages that wake a worker do not pile up in Redis."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from tests.support.server import LiveRegistry
from tests.support.waking import check_that_messages_collapse

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.processes]


def test_publishes_without_a_worker_leave_one_message(
    tmp_path: Path, redis_url: str, own_database: str
) -> None:
    registry = LiveRegistry(
        tmp_path / "data", database_url=own_database, PLUGPORT_REDIS_URL=redis_url
    )
    client = redis.Redis.from_url(redis_url)
    try:
        check_that_messages_collapse(
            registry,
            lambda: sum(
                client.llen(key) for key in client.scan_iter() if client.type(key) == b"list"
            ),
        )
    finally:
        registry.stop()
        client.close()
