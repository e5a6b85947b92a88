"""What the logs of a running registry contain of a secret link."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.server import LiveRegistry, wait_until

pytestmark = pytest.mark.processes
SECRET = "d2kx9z-4f0c1e8a77b35d96"


def test_no_log_contains_the_key_of_a_link(tmp_path: Path, empty_database: bytes) -> None:
    """Neither the registry's own log nor the access log of granian, nor those of errors."""
    registry = LiveRegistry(
        tmp_path,
        empty_database=empty_database,
        PLUGPORT_LOG_LEVEL="INFO",
        GRANIAN_LOG_ACCESS_ENABLED="true",
        GRANIAN_LOG_ACCESS_FMT="ACCESS %(path)s?%(query_string)s",
    )
    try:
        registry.start(has_worker=False)
        with registry.client() as http:
            for path in ("/password/reset/key/1-", "/account/email/key/"):
                http.get(path + SECRET)
                http.post(path + SECRET)
                http.get("/login", params={"next": path + SECRET})
            http.get("/healthz", params={"last": "yes"})
        wait_until(lambda: "ACCESS /healthz?last=yes" in registry.logs)
    finally:
        registry.stop()
    assert "ACCESS /password/reset/key/…" in registry.logs
    assert "path='/password/reset/key/…'" in registry.logs
    assert "ACCESS /account/email/key/…" in registry.logs
    assert SECRET not in registry.logs
