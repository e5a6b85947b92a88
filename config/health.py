"""Health checks: `/healthz` (liveness) and `/readyz` (readiness) for load balancers, `/status`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from accounts.audit.forwarding import find_forwarding_problem
from common.http.problems import RETRY_SECONDS
from config.probes import Probe, call_ping
from marketplace.context_processors import site
from plugport.spec.text import quote_text
from registry.jobs.last_runs import is_work_stalled
from registry.storage import get_store


def _ping_database() -> None:
    with connection.cursor() as cursor:
        # A table of the registry, not just SELECT 1: an empty database is not ready before its migration.
        cursor.execute("SELECT 1 FROM registry_journalhead LIMIT 1")


def _ping_queue() -> None:
    from config.celery import app

    # Load balancers wait a few seconds for a response, so the check must not retry.
    with app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=0, timeout=2)


class WorkStalledError(Exception):
    """Jobs wait, and no worker gives a sign of life."""


_READING, _PUBLISHING = "reading", "publishing"
# Load balancers give up after a few seconds.
_SECONDS = 1.8
_PROBES = {
    "storage": Probe("storage", lambda: get_store().ping()),
    "queue": Probe("queue", _ping_queue),
}


@require_safe
def respond_liveness(request: HttpRequest) -> JsonResponse:
    """200 while the process responds. Checks no service: a restart would not repair one."""
    return JsonResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})


@require_safe
def respond_readiness(request: HttpRequest) -> JsonResponse:
    """200 if every service responds, else 503 with the names of those that do not.

    `?for=publishing` also fails while packages wait and no worker checks them, and while the disk of
    the packages is full. Without it, the response says so, but a load balancer keeps sending readers
    here.
    """
    purpose = request.GET.get("for", _READING)
    if purpose not in (_READING, _PUBLISHING):
        detail = f"`for` is {quote_text(purpose)}. Allowed: `{_READING}`, `{_PUBLISHING}`."
        return _respond({"status": "invalid", "detail": detail}, 400)
    document = _build_document(purpose)
    return _respond(document, 200 if document["status"] == "ready" else 503)


def _build_document(purpose: str) -> dict[str, Any]:
    states = _get_states()
    # Readers do not need free space.
    missing = sorted(name for name, state in states.items() if state == "missing")
    is_complete = all(state == "ok" for state in states.values())
    can_publish = is_complete and call_ping("workers", _check_workers) == "ok"
    is_ready = can_publish if purpose == _PUBLISHING else not missing
    document = {
        "status": "ready" if is_ready else "not ready",
        "missing": missing,
        "parts": states,
        "publishing": "ok" if can_publish else "unavailable",
    }
    if settings.AUDIT_SYSLOG_URL:
        # Entries wait in the database meanwhile, and nobody else waits for the server.
        is_sent = states["database"] == "ok" and not find_forwarding_problem()
        document["auditForwarding"] = "ok" if is_sent else "failing"
    return document


@require_safe
def render_status(request: HttpRequest) -> HttpResponse:
    """`/status`: the same for people. It needs no database and no session.

    200 in every state, because the page itself is there.
    """
    document = _build_document(_READING)
    can_read, can_publish = document["status"] == "ready", document["publishing"] == "ok"
    if can_read and can_publish:
        headline = "All systems work"
    else:
        headline = "Publishing is unavailable" if can_read else "The registry is limited"
    parts = [("Reading and installing", can_read), ("Publishing", can_publish)]
    parts += [(name.capitalize(), state == "ok") for name, state in document["parts"].items()]
    context = {
        **site(request),
        "request": request,
        "headline": headline,
        "is_complete": can_read and can_publish,
        "parts": parts,
    }
    # Without the usual context processors: these read the session, which is in the database.
    if document["parts"]["database"] == "ok":
        context["user"] = request.user
    html = render_to_string("status.html", context)
    return HttpResponse(html, headers={"Cache-Control": "no-store"})


def _respond(document: Mapping[str, object], status: int) -> JsonResponse:
    headers = {"Cache-Control": "no-store"}
    if status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return JsonResponse(document, status=status, headers=headers)


def _check_workers() -> None:
    if is_work_stalled():
        raise WorkStalledError


def _get_states() -> dict[str, str]:
    until = time.monotonic() + _SECONDS
    answers = {name: probe.start() for name, probe in _PROBES.items()}
    # In this thread, which has a connection; its waits are bounded themselves.
    states = {"database": call_ping("database", _ping_database)}
    for name, answer in answers.items():
        states[name] = _PROBES[name].get_state(answer, until)
    return states
