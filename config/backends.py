"""Builds Django's settings dicts from the values of environment variables.

This is the only module that maps variables to implementations of databases, caches, storages,
search engines and queues.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from config.env import require_url

_SQLITE_INIT_COMMAND = (
    # WAL: readers do not wait for the writer. FULL: a committed transaction survives a power loss.
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=20000;"
    " PRAGMA cache_size=-32768; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY"
)


def prepare_data_dir(data_dir: Path) -> None:
    """Create the data folder, for this account only: the database in it has secrets.

    Raises `ImproperlyConfigured` if it cannot be created or written.
    """
    problem = f"PLUGPORT_DATA_DIR is `{data_dir}`. This folder cannot be"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{problem} created: {error.strerror}.") from error
    # The effective ids are the ones that opening a file checks.
    has_effective_ids = os.access in os.supports_effective_ids
    if not os.access(data_dir, os.W_OK | os.X_OK, effective_ids=has_effective_ids):
        raise ImproperlyConfigured(f"{problem} written. Change its permissions or its owner.")


def load_secret_key(given: str, data_dir: Path, *, is_production: bool) -> str:
    """The given key or, outside production, a key that is generated once in the data folder.

    Raises `ImproperlyConfigured` in production without a key: all machines must share it.
    """
    if given:
        return given
    if is_production:
        raise ImproperlyConfigured(
            "PLUGPORT_SECRET_KEY (or PLUGPORT_SECRET_KEY_FILE) is not set. Production requires"
            " a random text of at least 50 characters, the same for all processes."
        )
    path = data_dir / "secret_key"
    if not path.exists():
        prepare_data_dir(data_dir)
        # Write a temporary file, then link it: of several processes that start at once exactly one
        # link succeeds, and no process reads half a key, even after a kill.
        handle, part = tempfile.mkstemp(dir=data_dir, prefix=".secret_key-")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
        Path(part).unlink()
    return path.read_text(encoding="ascii").strip()


# To PostgreSQL, of one process: more than the threads of a web process, so that none waits for another.
MAX_CONNECTIONS = 16


def build_database_settings(url: str, data_dir: Path) -> dict[str, Any]:
    """`DATABASES["default"]`: PostgreSQL at `url`, or SQLite in the data folder without a URL."""
    if not url:
        prepare_data_dir(data_dir)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(data_dir / "plugport.sqlite3"),
            "CONN_MAX_AGE": None,
            # IMMEDIATE acquires the write lock at BEGIN. A deferred transaction that reads first
            # and then writes fails with SQLITE_BUSY, whatever the timeout.
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": _SQLITE_INIT_COMMAND,
            },
        }
    # A host is optional: `postgres:///name` uses the socket of this machine.
    require_url("DATABASE_URL", url, schemes=("postgres", "postgresql"), needs_host=False)
    settings: dict[str, Any] = {**dj_database_url.parse(url)}
    # Loads the driver.
    from common.postgres import CONNECTION_SECONDS, KEEPALIVE_OPTIONS, BoundedConnection

    # Replace a connection that the server has closed, or does not answer, when it leaves the pool.
    settings["CONN_HEALTH_CHECKS"] = True
    settings["OPTIONS"] = {
        "connect_timeout": 3,
        **KEEPALIVE_OPTIONS,
        **settings.get("OPTIONS", {}),
        "pool": {
            # A web process opens one for each of its threads (`config.startup`).
            "min_size": 1,
            "max_size": MAX_CONNECTIONS,
            "timeout": CONNECTION_SECONDS,
            # Attempts of the pool itself become rarer. When they end, the next request starts one,
            # so the pool recovers as soon as the server does.
            "reconnect_timeout": 2.0,
            "connection_class": BoundedConnection,
        },
    }
    return settings


# At most 34 MB in each process: `registry.queries.package_files` caches files of up to 0.5 MB.
_MAX_CACHED_FILES = 64
# About 100 MB on disk, compressed.
_MAX_CACHED_READMES = 20_000
_README_SECONDS = 30 * 86_400


def get_counters_path(data_dir: Path) -> Path:
    """The file of `common.counters.table`, without Redis."""
    return data_dir / "counters.sqlite3"


def build_cache_settings(redis_url: str, data_dir: Path) -> dict[str, Any]:
    """`CACHES`: Redis if configured, otherwise files and the memory of each process.

    `default` counts failed sign-ins and mails, which all processes must count together and no other
    entry may displace. `cards` holds preview images.
    `readmes` holds rendered READMEs, which the worker and the web processes share: in Redis, or on
    disk. `files` holds small files from packages, always in memory: they are large for Redis and
    fast to unpack again. `cards` is in memory too, as images must not fill the memory of Redis, which
    has the counts.
    """
    local = "django.core.cache.backends.locmem.LocMemCache"
    options = {"MAX_ENTRIES": _MAX_CACHED_FILES, "CULL_FREQUENCY": 8}
    files = {"BACKEND": local, "LOCATION": "files", "TIMEOUT": 3600, "OPTIONS": options}
    cards = {"BACKEND": local, "LOCATION": "cards"}
    if redis_url:
        redis = {
            "BACKEND": "common.redis_cache.ProbingRedisCache",
            "LOCATION": redis_url,
            "OPTIONS": {"pool_class": "common.redis_guard.GuardedPool"},
        }
        readmes = {**redis, "KEY_PREFIX": "readmes", "TIMEOUT": _README_SECONDS}
        return {"default": redis, "cards": cards, "files": files, "readmes": readmes}
    prepare_data_dir(data_dir)
    readmes = {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(data_dir / "readmes"),
        "TIMEOUT": _README_SECONDS,
        "OPTIONS": {"MAX_ENTRIES": _MAX_CACHED_READMES},
    }
    counters = {
        "BACKEND": "common.counters.cache.CounterCache",
        "LOCATION": str(get_counters_path(data_dir)),
    }
    return {"default": counters, "cards": cards, "files": files, "readmes": readmes}


_MAIL_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def build_mail_settings(url: str) -> dict[str, Any]:
    """Django's mail settings for the server at `url`, with user and password percent-encoded.

    `smtps` uses TLS from the first byte (RFC 8314), `smtp+starttls` after the greeting (RFC 3207).
    Raises `ImproperlyConfigured`. The message does not include the URL, which may contain a
    password.
    """
    parts = urlsplit(require_url("PLUGPORT_MAIL_URL", url, schemes=tuple(_MAIL_PORTS)))
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or _MAIL_PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+starttls",
        "EMAIL_TIMEOUT": 10,
    }


def build_storage_settings(
    data_dir: Path,
    *,
    s3_bucket: str,
    s3_endpoint: str,
    s3_region: str,
    s3_access_key: str,
    s3_secret_key: str,
    use_manifest: bool,
) -> dict[str, Any]:
    """`STORAGES`: `packages` on S3 or on the local disk, `staticfiles` with hashed names."""
    static = "config.compression.StaticFilesStorage"
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    packages: dict[str, Any] = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(data_dir / "packages")},
    }
    if s3_bucket:
        packages = {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": s3_bucket,
                "endpoint_url": s3_endpoint or None,
                "region_name": s3_region,
                "access_key": s3_access_key or None,
                "secret_key": s3_secret_key or None,
                "default_acl": None,
                "file_overwrite": True,
                "client_config": _build_s3_config(has_endpoint=bool(s3_endpoint)),
            },
        }
    return {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(data_dir / "files")},
        },
        "packages": packages,
        "staticfiles": {"BACKEND": static if use_manifest else plain},
    }


# S3 answers a copy or the end of an upload only when it is stored. Reading waits shorter
# (`registry.storage.s3`).
S3_WRITE_SECONDS = 8


def _build_s3_config(*, has_endpoint: bool) -> Any:
    """Settings of the S3 client: it fails within seconds when the server does not respond."""
    from botocore.config import Config  # slow to import, and only needed with S3

    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if has_endpoint else "auto"},
        connect_timeout=2,
        read_timeout=S3_WRITE_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 2},
        # Some S3-compatible servers reject the checksums that current clients add by default.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def build_package_store_settings(
    storages: dict[str, Any], *, s3_public_endpoint: str
) -> dict[str, Any]:
    """The object store class for the storage `packages`."""
    if "s3" not in storages["packages"]["BACKEND"]:
        return {
            "BACKEND": "registry.storage.local.LocalObjectStore",
            "OPTIONS": {"storage": "packages"},
        }
    return {
        "BACKEND": "registry.storage.s3.S3ObjectStore",
        "OPTIONS": {"storage": "packages", "public_endpoint": s3_public_endpoint},
    }


def build_package_sender_settings(
    *, x_accel_prefix: str, redirects: bool, is_behind_gateway: bool
) -> dict[str, Any]:
    """The class that sends packages to clients: what an operator selected, otherwise the gateway."""
    options: dict[str, Any] = {}
    if x_accel_prefix:
        name, options = "x_accel.XAccelSender", {"prefix": x_accel_prefix}
    elif redirects:
        name = "redirect.RedirectSender"
    else:
        name = "gateway.GatewaySender" if is_behind_gateway else "stream.StreamSender"
    return {"BACKEND": f"registry.downloads.sending.{name}", "OPTIONS": options}


def build_search_engine_settings(
    data_dir: Path, *, meili_url: str, meili_key: str, meili_index: str
) -> dict[str, Any]:
    """The search engine: Meilisearch if configured, otherwise an index in the data folder."""
    if meili_url:
        return {
            "BACKEND": "marketplace.search.engines.meilisearch.MeilisearchEngine",
            "OPTIONS": {"url": meili_url, "key": meili_key, "index": meili_index},
        }
    return {
        "BACKEND": "marketplace.search.engines.embedded.EmbeddedEngine",
        "OPTIONS": {"path": str(data_dir / "search")},
    }


def build_celery_settings(redis_url: str, data_dir: Path, *, check_seconds: int) -> dict[str, Any]:
    """Celery's settings: Redis, or a queue of files in the data folder.

    Both may lose messages after a `kill -9`, which is acceptable: messages only wake the worker,
    and the jobs are rows in the database (`registry.models.Job`).
    """
    common: dict[str, Any] = {
        "task_ignore_result": True,
        # A message only wakes a worker, so it is not needed again if the worker dies.
        "task_acks_late": False,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_default_queue": "wake",
        # Processes of a pool share locks and pipes: one that is killed while it holds a lock stops
        # all others for good. Run several workers instead; each takes one message at a time.
        "worker_pool": "solo",
        "worker_concurrency": 1,
        "worker_prefetch_multiplier": 1,
        # Celery enforces the next two in pools of processes only; `config.processes.worker` does it here.
        # A task starts no new job after one `check_seconds`, and a release has only a few checks.
        # A task that still runs after ten times that is stuck in code that ignores signals.
        "task_time_limit": check_seconds * 10,
        # In kB. Replaces a process that has grown, against leaks in native libraries.
        "worker_max_memory_per_child": 400_000,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "broker_connection_retry_on_startup": True,
        # For ever: a worker must survive an outage of any length.
        "broker_connection_max_retries": None,
        "task_publish_retry": False,
        "timezone": "UTC",
    }
    if redis_url:
        return common | {"broker_url": redis_url, "broker_transport_options": _REDIS_OPTIONS}
    return common | {
        "broker_url": "folder://localhost",
        "broker_transport_options": {"folder": str(data_dir / "queue"), "polling_interval": 0.1},
    }


_REDIS_OPTIONS: dict[str, Any] = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    # Fail fast: a publisher must not wait for a queue that does not respond. The periodic recovery
    # finds the job in the database.
    "max_retries": 1,
    "interval_start": 0.1,
    "interval_step": 0.1,
    "interval_max": 0.2,
}


def build_sign_in_settings(
    *, github: tuple[str, str], gitlab: tuple[str, str], gitlab_url: str
) -> dict[str, Any]:
    """`SOCIALACCOUNT_PROVIDERS`: the websites that have an id and a secret."""
    providers: dict[str, Any] = {}
    if all(github):
        app = {"client_id": github[0], "secret": github[1], "key": ""}
        providers["github"] = {"APPS": [app], "SCOPE": ["user:email"]}
    if all(gitlab):
        app = {"client_id": gitlab[0], "secret": gitlab[1], "key": ""}
        providers["gitlab"] = {
            "APPS": [{**app, "settings": {"gitlab_url": gitlab_url}}],
            "SCOPE": ["read_user"],
        }
    return providers
