"""Delete what a shared cache stores of a blocked release, or of a plugin that is no longer public.

`PLUGPORT_PURGE_URL` names the cache. The transaction of the change adds a job, so that a crash or a cache that does not respond
loses no purge. A cache that keeps packages for `max-age` only would serve the release until then.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlsplit

import structlog
from django.conf import settings
from django.db import transaction

from registry.downloads.surrogate_keys import build_plugin_key, build_release_key
from registry.errors import PurgeError, WorkTimeoutError
from registry.jobs.kinds import PURGE_CACHE
from registry.jobs.notify import wake_worker
from registry.jobs.queue import Lease, enqueue_job, fail_job, finish_job
from registry.models import Plugin, Release
from registry.publishing.time_limit import run_with_timeout

# A response that started before the release was blocked can reach the cache after the first purge.
AGAIN_SECONDS = 30
_PLUGIN_PREFIX = "plugin-"
_log = structlog.get_logger("plugport.purge")
# `Fastly-Key: …`: the token with the header in which the cache expects it.
_TOKEN_WITH_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*): (.+)")


def enqueue_purge(release: Release) -> None:
    """Add the jobs, if a cache is set. Call it in the transaction that blocks the release: 0 or 2 queries."""
    if not settings.PURGE_URL:
        return
    # Jobs of their own: one that runs already may have purged before this transaction commits.
    key = f"{release.pk}-{uuid.uuid4().hex}"
    enqueue_job(PURGE_CACHE, key)
    enqueue_job(PURGE_CACHE, f"{key}-again", delay_seconds=AGAIN_SECONDS)
    transaction.on_commit(wake_worker, robust=True)


def enqueue_plugin_purge(plugin: Plugin) -> None:
    """The same for everything of a plugin, in the transaction in which it stops to be public."""
    if not settings.PURGE_URL:
        return
    key = f"{_PLUGIN_PREFIX}{plugin.pk}-{uuid.uuid4().hex}"
    enqueue_job(PURGE_CACHE, key)
    enqueue_job(PURGE_CACHE, f"{key}-again", delay_seconds=AGAIN_SECONDS)
    transaction.on_commit(wake_worker, robust=True)


def purge_release(lease: Lease) -> None:
    """Purge the release or the plugin of the job. Safe to repeat. Raises `PurgeError`: the job is tried again."""
    key = _find_key(lease)
    if key and settings.PURGE_URL:
        _send_purge(key)
        _log.info("cache_purged", key=key)
    finish_job(lease)


def report_failed_purge(lease: Lease) -> None:
    """Set the job aside: the operator has to purge the key."""
    key = _find_key(lease)
    _log.error("purge_given_up", key=key, attempts=lease.attempts)
    fail_job(lease, f"The cache could not be purged. Purge the key `{key}` yourself.")


def _find_key(lease: Lease) -> str:
    """The key of the job's release or plugin, or "" if it was deleted."""
    if lease.key.startswith(_PLUGIN_PREFIX):
        number = lease.key.removeprefix(_PLUGIN_PREFIX).partition("-")[0]
        name = Plugin.objects.filter(pk=int(number)).values_list("name", flat=True).first()
        return build_plugin_key(name) if name else ""
    rows = Release.objects.filter(pk=int(lease.key.partition("-")[0]))
    row = rows.values_list("plugin__name", "version").first()
    return build_release_key(*row) if row else ""


def _send_purge(key: str) -> None:
    """Send the request. Raises `PurgeError`, without the URL and the token, which may be secret."""
    url = settings.PURGE_URL.replace("{key}", quote(key, safe=""))
    try:
        # The time-out of a connection is for single reads.
        status = run_with_timeout(settings.PURGE_SECONDS, lambda: _request(url, key))
    except (OSError, HTTPException, WorkTimeoutError) as error:
        raise PurgeError(f"The cache did not respond: {type(error).__name__}.") from None
    if not 200 <= status < 300:
        raise PurgeError(f"The cache responded {status}.")


def _request(url: str, key: str) -> int:
    # Not httpx, which workers do not need otherwise and which takes a quarter of a second to import.
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=settings.PURGE_SECONDS)
    with contextlib.closing(connection):
        target = parts._replace(scheme="", netloc="", fragment="").geturl()
        headers = {"Surrogate-Key": key, **_build_token_header()}
        connection.request(settings.PURGE_METHOD, target or "/", headers=headers)
        return connection.getresponse().status


def _build_token_header() -> dict[str, str]:
    if not settings.PURGE_TOKEN:
        return {}
    if match := _TOKEN_WITH_HEADER.fullmatch(settings.PURGE_TOKEN):
        return {match[1]: match[2]}
    return {"Authorization": f"Bearer {settings.PURGE_TOKEN}"}
