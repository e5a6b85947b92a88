"""Django system checks for mistakes in the settings (`manage.py check`)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from common.rate_limits import parse_rate
from common.system_checks import SETTINGS_TAG
from plugport.spec.download_hosts import DownloadHost
from plugport.spec.errors import PlugportError
from plugport.spec.names import parse_scope

_X_ACCEL_PREFIX = re.compile(r"/(?:[A-Za-z0-9_-]+/)+")


@register(SETTINGS_TAG)
def check_scopes(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.E001`: an official scope is not a valid scope."""
    messages: list[CheckMessage] = []
    for scope in settings.OFFICIAL_SCOPES:
        try:
            parse_scope(scope)
        except PlugportError as error:
            messages.append(
                Error(
                    error.detail,
                    hint="Set scopes without @, for example PLUGPORT_OFFICIAL_SCOPES=ar,acme.",
                    id="registry.E001",
                )
            )
    return messages


@register(SETTINGS_TAG)
def check_rates(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.E002`: a rate limit cannot be parsed."""
    messages: list[CheckMessage] = []
    for name, text in settings.RATE_LIMITS.items():
        try:
            parse_rate(text)
        except ValueError:
            messages.append(
                Error(
                    f"PLUGPORT_LIMIT_{name.upper()} is `{text}`, which is not a rate limit.",
                    hint="Set a number and a unit, for example `600/minute` or `10000/hour`.",
                    id="registry.E002",
                )
            )
    return messages


@register(SETTINGS_TAG)
def check_download_hosts(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.E003`: an entry is not a host, or a host and a port."""
    messages: list[CheckMessage] = []
    for host in settings.DOWNLOAD_HOSTS:
        try:
            DownloadHost.parse(host)
        except ValueError:
            messages.append(
                Error(
                    f"PLUGPORT_DOWNLOAD_HOSTS has `{host}`, which is not a host or HOST:PORT.",
                    hint="Set hosts without scheme and path, for example"
                    " PLUGPORT_DOWNLOAD_HOSTS=cdn.example.org,s3.example.org:9000.",
                    id="registry.E003",
                )
            )
    return messages


@register(SETTINGS_TAG)
def check_sending(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.E004`, `registry.E005`: packages cannot be sent in the way that is set."""
    messages: list[CheckMessage] = []
    prefix, is_on_s3 = settings.X_ACCEL_PREFIX, "s3" in settings.PACKAGE_STORE["BACKEND"]
    if prefix and is_on_s3:
        messages.append(
            Error(
                "PLUGPORT_X_ACCEL_PREFIX is set, but packages are on S3, where nginx cannot read them.",
                hint="Set PLUGPORT_S3_REDIRECT=true instead, or neither.",
                id="registry.E004",
            )
        )
    elif prefix and not _X_ACCEL_PREFIX.fullmatch(prefix):
        messages.append(
            Error(
                f"PLUGPORT_X_ACCEL_PREFIX is `{prefix}`, which is not the path of a location.",
                hint="Start and end it with a slash, for example `/protected-packages/`.",
                id="registry.E004",
            )
        )
    if settings.S3_REDIRECT and not is_on_s3:
        messages.append(
            Error(
                "PLUGPORT_S3_REDIRECT is set, but packages are local files.",
                hint="Set PLUGPORT_S3_BUCKET, or remove PLUGPORT_S3_REDIRECT.",
                id="registry.E005",
            )
        )
    return messages


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


@register(SETTINGS_TAG)
def check_purging(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.E006`: requests that purge a cache cannot be built. The values may be secret."""
    messages: list[CheckMessage] = []
    if settings.PURGE_URL and "{key}" not in settings.PURGE_URL:
        messages.append(
            Error(
                "PLUGPORT_PURGE_URL does not contain `{key}`.",
                hint="Write it where the key belongs, for example https://cache.example.org/{key}.",
                id="registry.E006",
            )
        )
    if "@" in urlsplit(settings.PURGE_URL).netloc or not _is_plain(settings.PURGE_URL):
        messages.append(
            Error(
                "PLUGPORT_PURGE_URL contains a password, spaces or characters that are not ASCII.",
                hint="Set PLUGPORT_PURGE_TOKEN, and percent-encode the other characters.",
                id="registry.E006",
            )
        )
    if not (settings.PURGE_TOKEN.isascii() and settings.PURGE_TOKEN.isprintable()):
        messages.append(
            Error(
                "PLUGPORT_PURGE_TOKEN has characters that a header cannot contain.",
                hint="Set the token in one line of ASCII characters.",
                id="registry.E006",
            )
        )
    return messages


@register(SETTINGS_TAG, deploy=True)
def check_shared_limits(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.W001`: without Redis, the machines of a registry count rate limits separately.

    A registry on SQLite has one machine, whose processes share their counts.
    """
    if settings.REDIS_URL or "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        return []
    return [
        CheckWarning(
            "Each machine counts rate limits separately.",
            hint="Set PLUGPORT_REDIS_URL.",
            id="registry.W001",
        )
    ]


@register(SETTINGS_TAG, deploy=True)
def check_proxies(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.W002`: no request can count as HTTPS, so that all get a redirect or an error.

    The web server itself does not speak TLS.
    """
    if not settings.SECURE_SSL_REDIRECT or settings.TRUSTED_PROXIES:
        return []
    return [
        CheckWarning(
            "The registry redirects to HTTPS, but trusts no proxy to say that a request used it.",
            hint="Set PLUGPORT_TRUSTED_PROXIES to the number of proxies, usually 1. Each must overwrite"
            " X-Forwarded-Proto and append to X-Forwarded-For.",
            id="registry.W002",
        )
    ]


@register(SETTINGS_TAG, deploy=True)
def check_redis_memory(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.W003`: Redis deletes counts when its memory is full. It is asked if it responds."""
    policy = _find_eviction_policy(settings.REDIS_URL) if settings.REDIS_URL else None
    if policy in (None, "noeviction"):
        return []
    return [
        CheckWarning(
            f"Redis deletes entries when its memory is full (`maxmemory-policy {policy}`), also the"
            " counts of failed sign-ins and of rate limits.",
            hint="Set `maxmemory-policy noeviction` in Redis.",
            id="registry.W003",
        )
    ]


def _find_eviction_policy(url: str) -> str | None:
    """The policy of a Redis server with a memory limit; None without a limit or a response."""
    import redis  # slow to import, and only needed with Redis

    from common.redis_guard import build_connection_options

    try:
        with redis.from_url(url, **build_connection_options(url)) as client:
            memory = client.info("memory")
    except redis.RedisError:
        return None
    return str(memory["maxmemory_policy"]) if memory.get("maxmemory") else None
