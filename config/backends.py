"""Turns a few plain values into Django's settings dicts, one function a topic.

This is the only place that knows which implementation a variable selects.
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

_SQLITE_START = (
    # WAL lets readers go on while one writes; FULL makes an acknowledged commit survive power loss.
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=20000;"
    " PRAGMA cache_size=-32768; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY"
)


def load_secret_key(given: str, data_dir: Path, *, is_production: bool) -> str:
    """The given key or, outside production, one made once and kept under the data folder.

    Raises `ImproperlyConfigured` in production without a key: several machines must share it.
    """
    if given:
        return given
    if is_production:
        raise ImproperlyConfigured("PLUGPORT_SECRET_KEY (or PLUGPORT_SECRET_KEY_FILE) is not set")
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        # Whole under another name first: of processes that start at once, and of one that is
        # killed here, nobody reads half a key.
        handle, part = tempfile.mkstemp(dir=data_dir, prefix=".secret_key-")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
        Path(part).unlink()
    return path.read_text(encoding="ascii").strip()


def database(url: str, data_dir: Path) -> dict[str, Any]:
    """Django's settings of PostgreSQL at `url`, or of SQLite in the data folder without one."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(data_dir / "plugport.sqlite3"),
            "CONN_MAX_AGE": None,
            # IMMEDIATE takes the write lock at once: no transaction fails half-way for a lock.
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": _SQLITE_START,
            },
        }
    settings: dict[str, Any] = {**dj_database_url.parse(url)}
    if settings.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must start with postgres://")
    # A connection that the server closed is noticed when it is taken from the pool, not later.
    settings["CONN_HEALTH_CHECKS"] = True
    settings["OPTIONS"] = {
        "connect_timeout": 5,
        **settings.get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": 10, "timeout": 5},
    }
    return settings


# At 512 KiB each, the most that `registry.contents` keeps of a file.
_KEPT_FILES = 64
# About 100 MB on disk, packed.
_KEPT_READMES = 20_000
_README_SECONDS = 30 * 86_400


def caches(redis_url: str, data_dir: Path) -> dict[str, Any]:
    """Django's caches: Redis where there is one, else the memory of each process.

    `readmes` are rendered READMEs, which worker and web share: in Redis, else on disk.

    `files` is always in memory: small files out of packages, which are large for Redis and soon
    unpacked again.
    """
    local = "django.core.cache.backends.locmem.LocMemCache"
    options = {"MAX_ENTRIES": _KEPT_FILES, "CULL_FREQUENCY": 8}
    files = {"BACKEND": local, "LOCATION": "files", "TIMEOUT": 3600, "OPTIONS": options}
    if redis_url:
        redis = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
        }
        readmes = {**redis, "KEY_PREFIX": "readmes", "TIMEOUT": _README_SECONDS}
        return {"default": redis, "files": files, "readmes": readmes}
    readmes = {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(data_dir / "readmes"),
        "TIMEOUT": _README_SECONDS,
        "OPTIONS": {"MAX_ENTRIES": _KEPT_READMES},
    }
    return {"default": {"BACKEND": local}, "files": files, "readmes": readmes}


_MAIL_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def mail(url: str) -> dict[str, Any]:
    """Django's settings of the mail server at `url`; user and password are percent-encoded.

    `smtps` is TLS from the first byte, `smtp+starttls` (RFC 3207) from the greeting on. Raises
    `ImproperlyConfigured`, without the URL in it: it may hold a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ImproperlyConfigured("PLUGPORT_MAIL_URL cannot be read as a URL") from None
    if parts.scheme not in _MAIL_PORTS or not host:
        allowed = ", ".join(f"{scheme}://" for scheme in _MAIL_PORTS)
        raise ImproperlyConfigured(f"PLUGPORT_MAIL_URL needs a host and one of {allowed}")
    return {
        "EMAIL_HOST": host,
        "EMAIL_PORT": port or _MAIL_PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+starttls",
        "EMAIL_TIMEOUT": 10,
    }


def storages(
    data_dir: Path,
    *,
    s3_bucket: str,
    s3_endpoint: str,
    s3_region: str,
    s3_access_key: str,
    s3_secret_key: str,
    use_manifest: bool,
) -> dict[str, Any]:
    """Django's storages: `packages` on S3 or local files, `staticfiles` with hashed names."""
    static = "whitenoise.storage.CompressedManifestStaticFilesStorage"
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
                "client_config": _make_s3_config(has_endpoint=bool(s3_endpoint)),
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


def _make_s3_config(*, has_endpoint: bool) -> Any:
    """How to speak to S3: give up in seconds, so that nobody waits for a bucket that is away."""
    from botocore.config import Config  # slow to import, and most start without S3

    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if has_endpoint else "auto"},
        connect_timeout=3,
        read_timeout=20,
        retries={"mode": "standard", "total_max_attempts": 3},
        # Not every server that speaks S3 knows the checksums that the newest clients add.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def package_store(storages: dict[str, Any]) -> dict[str, Any]:
    """Which object store speaks to the storage `packages`."""
    on_s3 = "s3" in storages["packages"]["BACKEND"]
    name = "s3.S3ObjectStore" if on_s3 else "local.LocalObjectStore"
    return {"BACKEND": f"registry.storage.{name}", "OPTIONS": {"storage": "packages"}}


def search_engine(
    data_dir: Path, *, meili_url: str, meili_key: str, meili_index: str
) -> dict[str, Any]:
    """Which search engine: Meilisearch where there is one, else an index in the data folder."""
    if meili_url:
        return {
            "BACKEND": "marketplace.search.engines.meilisearch.MeilisearchEngine",
            "OPTIONS": {"url": meili_url, "key": meili_key, "index": meili_index},
        }
    return {
        "BACKEND": "marketplace.search.engines.embedded.EmbeddedEngine",
        "OPTIONS": {"path": str(data_dir / "search")},
    }


def celery(redis_url: str, data_dir: Path, *, check_seconds: int) -> dict[str, Any]:
    """Celery's settings: Redis, or a queue of files in the data folder.

    Neither survives a `kill -9` without loss, nor has to: messages only wake the worker, the
    work itself is listed in the database (`registry.models.Job`).
    """
    common: dict[str, Any] = {
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        # A task takes no new work after one `check_seconds`, and a release has a few checks: what
        # is still running then is stuck where no signal reaches it, and is killed.
        "task_time_limit": check_seconds * 10,
        "worker_hijack_root_logger": False,
        "worker_prefetch_multiplier": 1,
        # A process that grew, or has run for long, is replaced between two tasks.
        "worker_max_tasks_per_child": 1000,
        # After a process died, the next task waits this long for a last word from it.
        "worker_lost_wait": 1.0,
        "worker_max_memory_per_child": 400_000,
        "broker_connection_retry_on_startup": True,
        "task_publish_retry": False,
        "timezone": "UTC",
    }
    if redis_url:
        return common | {"broker_url": redis_url, "broker_transport_options": _REDIS_OPTIONS}
    return common | {
        "broker_url": "folder://localhost",
        "broker_transport_options": {"folder": str(data_dir / "queue"), "polling_interval": 0.1},
        "worker_enable_remote_control": False,
    }


_REDIS_OPTIONS: dict[str, Any] = {
    "visibility_timeout": 300,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    # Whoever sends a message gives up soon: nobody who publishes waits for a queue that is away.
    "max_retries": 1,
    "interval_start": 0.1,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
