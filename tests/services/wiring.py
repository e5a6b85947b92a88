"""A registry on PostgreSQL, Redis and S3, configured by environment variables only."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.processes.harness import Registry, prepare_folder
from tests.support.proxy import Proxy, open_proxy
from tests.support.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server


@dataclass(frozen=True, slots=True)
class Services:
    """The services of a test, each behind a proxy that can be disconnected."""

    database_url: str
    redis_url: str
    s3: S3Server
    bucket: str
    database: Proxy
    redis: Proxy
    storage: Proxy

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment variables of a registry that uses these services."""
        return {
            "DATABASE_URL": move(self.database_url, self.database.port),
            "PLUGPORT_REDIS_URL": move(self.redis_url, self.redis.port),
            "PLUGPORT_S3_ENDPOINT": move(self.s3.url, self.storage.port),
            "PLUGPORT_S3_BUCKET": self.bucket,
            "PLUGPORT_S3_REGION": REGION,
            "PLUGPORT_S3_ACCESS_KEY": ACCESS_KEY,
            "PLUGPORT_S3_SECRET_KEY": SECRET_KEY,
            "PLUGPORT_SECRET_KEY": "the same on every machine, long enough for its purpose",
        }


def move(url: str, port: int) -> str:
    """Return the URL with another port of this machine."""
    parts = urlsplit(url)
    account = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    return parts._replace(netloc=f"{account}127.0.0.1:{port}").geturl()


@contextlib.contextmanager
def open_services(database_url: str, redis_url: str, s3: S3Server) -> Iterator[Services]:
    """Open proxies to the services, and create an empty bucket."""
    bucket = s3.create_bucket(f"packages-{os.getpid()}-{len(s3.list_buckets())}")
    with contextlib.ExitStack() as stack:
        proxies = []
        for url in (database_url, redis_url, s3.url):
            parts = urlsplit(url)
            assert parts.hostname
            default = 5432 if "postgres" in parts.scheme else 6379
            proxies.append(stack.enter_context(open_proxy(parts.hostname, parts.port or default)))
        yield Services(database_url, redis_url, s3, bucket, *proxies)


class WiredRegistry(Registry):
    """One machine of a registry. Tests inspect its storage directly, not through the proxies."""

    def __init__(self, folder: Path, services: Services, **variables: str) -> None:
        super().__init__(folder, **services.variables, **variables)
        self._services = services

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._services.database_url) as connection:
            return connection.execute(statement).fetchall()

    def list_objects(self, prefix: str) -> set[str]:
        pages = self._services.s3.client.get_paginator("list_objects_v2").paginate(
            Bucket=self._services.bucket, Prefix=prefix
        )
        return {item["Key"] for page in pages for item in page.get("Contents", [])}


@contextlib.contextmanager
def open_machine(folder: Path, services: Services, **variables: str) -> Iterator[WiredRegistry]:
    """Start a machine; it stops at the end of the context."""
    prepare_folder(folder, **services.variables, **variables)
    registry = WiredRegistry(folder, services, **variables)
    try:
        registry.start()
        yield registry
    finally:
        registry.close()
