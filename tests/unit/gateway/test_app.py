"""The gateway's process ends when one of its background tasks does, and at no other time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.options import OPTIONS_VARIABLE, GatewayOptions

# Drives the application like granian: `stop` is the message at the end of the process.
DRIVER = """
import asyncio, sys
from gateway.app import app
import {module} as module

async def run_broken(self):
    await asyncio.sleep(0)
    {failure}

if {failure!r}:
    module.{name}.run = run_broken

async def main():
    messages = asyncio.Queue()
    messages.put_nowait({{"type": "lifespan.startup"}})

    async def send(message):
        if message["type"] == "lifespan.startup.complete":
            async def stop():
                await asyncio.sleep({seconds})
                messages.put_nowait({{"type": "lifespan.shutdown"}})
            app.stop = asyncio.create_task(stop())

    await app({{"type": "lifespan"}}, messages.get, send)

asyncio.run(main())
"""
TASKS = {
    "ChangeFollower": "gateway.changes",
    "Records": "gateway.records",
    "Readiness": "gateway.readiness",
}


def run(folder: Path, name: str, failure: str, *, seconds: float) -> tuple[int, str]:
    """The exit code, and what the process logged."""
    options = GatewayOptions(
        socket=str(folder / "web.sock"),
        scratch=str(folder),
        base_url="http://plugins.example",
        error_page="",
        error_page_policy="",
        sqlite_path=str(folder / "registry.sqlite3"),
        postgres={},
        log_format="json",
        log_level="ERROR",
        trusted_proxies=0,
        unlimited_networks=[],
        form_bytes=1,
        package_bytes=1,
        upload_bytes=1,
        cache_bytes=1,
        requests_in_flight=1,
        uploads_in_flight=1,
        downloads_in_flight=1,
        forwarded_in_flight=1,
    )
    script = DRIVER.format(module=TASKS[name], name=name, failure=failure, seconds=seconds)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, OPTIONS_VARIABLE: options.serialize()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        ("raise MemoryError('none left')", "MemoryError('none left')"),
        ("raise asyncio.CancelledError", "canceled"),
        ("return", "None"),
    ],
)
@pytest.mark.parametrize("name", TASKS)
def test_a_task_that_ends_ends_the_process(
    tmp_path: Path, name: str, failure: str, error: str
) -> None:
    code, log = run(tmp_path, name, failure, seconds=30)
    assert code == 1
    assert '"event": "gateway_task_ended"' in log
    assert f'"task": "{name}"' in log
    assert f'"error": "{error}"' in log


def test_the_end_of_the_process_is_no_failure(tmp_path: Path) -> None:
    assert run(tmp_path, "Records", "", seconds=0) == (0, "")
