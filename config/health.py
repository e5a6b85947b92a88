"""`/healthz`: the process lives. `/readyz`: it can do its work, or which part is missing."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from registry.storage import get_store

_log = structlog.get_logger("plugport.health")


def _ping_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM registry_journalhead LIMIT 1")


def _ping_queue() -> None:
    from config.celery import app

    with app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=0, timeout=2)


_PARTS: dict[str, Callable[[], None]] = {
    "database": _ping_database,
    "storage": lambda: get_store().ping(),
    "queue": _ping_queue,
}


@require_safe
def answer_alive(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})


@require_safe
def answer_ready(request: HttpRequest) -> JsonResponse:
    """200 if every part answers, else 503 with the parts that do not."""
    states = {name: _try(name, ping) for name, ping in _PARTS.items()}
    missing = sorted(name for name, state in states.items() if state != "ok")
    return JsonResponse(
        {"status": "ready" if not missing else "not ready", "missing": missing, "parts": states},
        status=503 if missing else 200,
        headers={"Cache-Control": "no-store"},
    )


def _try(name: str, ping: Callable[[], None]) -> str:
    try:
        ping()
    except Exception as error:  # noqa: BLE001 -- whatever it is, the part is missing
        _log.warning("part_missing", part=name, error=type(error).__name__)
        return "missing"
    return "ok"
