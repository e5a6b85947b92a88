"""The command lines of the registry's processes on one machine, from this Python environment."""

from __future__ import annotations

import argparse
import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.template.loader import render_to_string

from common.http.content_security import CONTENT_SECURITY_POLICY
from config.processes.listening import ListenAddress
from config.processes.supervisor import Child
from config.processes.threads import count_web_threads
from gateway.options import OPTIONS_VARIABLE, GatewayOptions
from plugport.spec.text import quote_text
from registry.package_limits import get_archive_limits

_FOLDER = Path(sys.executable).parent
# Connections that wait to be accepted, and requests in progress of all clients.
_BACKLOG = 4096
HEADER_SECONDS = 10
# All headers of a request together; more is 431.
HEADER_BYTES = 64 << 10
_MAX_SOCKET_PATH_BYTES = 100


def parse_count(text: str) -> int:
    """The number of processes, at least 1. Raises `argparse.ArgumentTypeError`."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{quote_text(text)} is not a number of processes from 1.")
    return int(text)


def build_web_command(workers: int, web_socket: Path) -> list[str]:
    """The web server with Django: `workers` processes that serve what the gateway passes on."""
    options = (
        f"--interface wsgi config.wsgi:application --workers {workers}"
        f" --blocking-threads {count_web_threads()} --backpressure 64 --uds-permissions 0600"
    )
    return [*_build_granian_command(options), "--uds", str(web_socket)]


def build_gateway_command(address: ListenAddress) -> list[str]:
    """The gateway: one process that accepts all connections."""
    options = (
        "--interface asgi gateway.app:app --workers 1"
        # Its limits are its own: for each client, not for all of them.
        f" --loop uvloop --http 1 --backlog {_BACKLOG} --backpressure {_BACKLOG}"
        f" --http1-header-read-timeout {HEADER_SECONDS * 1000} --http1-buffer-size {HEADER_BYTES}"
    )
    return [*_build_granian_command(options), *address.arguments]


def build_web_children(address: ListenAddress, workers: int) -> list[Child]:
    """The two processes of the web server, for a supervisor."""
    web_socket = get_web_socket(address)
    # Of all processes only the gateway gets its options, which contain the password of the database.
    options = {OPTIONS_VARIABLE: build_gateway_options(web_socket, workers).serialize()}
    gateway = Child(
        "gateway",
        build_gateway_command(address),
        socket=address.uds,
        variables=options,
        stops_first=True,
    )
    # Django trusts the header of the gateway (`config.settings`).
    variables = {"PLUGPORT_BEHIND_GATEWAY": "1"}
    web = Child(
        "web", build_web_command(workers, web_socket), socket=web_socket, variables=variables
    )
    return [gateway, web]


def _build_granian_command(options: str) -> list[str]:
    common = "--no-ws --log-level warning --respawn-failed-workers --workers-kill-timeout 10"
    return [str(_FOLDER / "granian"), *options.split(), *common.split()]


def get_web_socket(address: ListenAddress) -> Path:
    """The Unix socket between the gateway that listens on `address` and Django.

    It is in a private folder for temporary files: the data folder may be shared by containers, or on a
    file system without sockets. Raises `ImproperlyConfigured` if the folder cannot be used.
    """
    folder = Path(tempfile.gettempdir()) / f"plugport-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.stat(follow_symlinks=False)
    is_private = stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o700
    if status.st_uid != os.geteuid() or not is_private:
        raise ImproperlyConfigured(
            f"{folder} belongs to another account or is open to others. Delete it, or set TMPDIR."
        )
    identity = f"{settings.DATA_DIR}\0{address.label}"
    path = folder / f"{hashlib.blake2b(identity.encode(), digest_size=8).hexdigest()}.sock"
    if len(os.fsencode(path)) > _MAX_SOCKET_PATH_BYTES:
        raise ImproperlyConfigured(
            f"TMPDIR is {tempfile.gettempdir()}. Its path is too long for a socket."
        )
    return path


def build_postgres_parameters(database: BaseDatabaseWrapper) -> dict[str, str | int]:
    """The parameters of libpq with which Django connects to PostgreSQL; none for another database.

    A URL would not do: Django accepts options in it that libpq refuses, such as `currentSchema`.
    """
    if database.vendor != "postgresql":
        return {}
    # The others are objects of the driver, or None.
    parameters = database.get_connection_params()
    return {name: value for name, value in parameters.items() if isinstance(value, str | int)}


def build_gateway_options(web_socket: Path, workers: int) -> GatewayOptions:
    """The options of the gateway in front of `workers` processes, from the settings.

    Creates its folder for large bodies.
    """
    is_sqlite = connection.vendor == "sqlite"
    package_bytes = get_archive_limits().archive_bytes
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    return GatewayOptions(
        socket=str(web_socket),
        scratch=str(settings.SCRATCH_DIR),
        base_url=settings.BASE_URL,
        error_page=render_to_string("gateway_error.html"),
        error_page_policy=CONTENT_SECURITY_POLICY,
        sqlite_path=str(connection.settings_dict["NAME"]) if is_sqlite else "",
        postgres=build_postgres_parameters(connection),
        log_format=settings.LOG_FORMAT,
        log_level=settings.LOG_LEVEL,
        trusted_proxies=settings.TRUSTED_PROXIES,
        unlimited_networks=[str(network) for network in settings.UNLIMITED_NETWORKS],
        form_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        package_bytes=package_bytes,
        upload_bytes=package_bytes + (1 << 20),
        cache_bytes=settings.GATEWAY_CACHE_MB << 20,
        requests_in_flight=settings.REQUESTS_IN_PROGRESS,
        uploads_in_flight=settings.UPLOADS_IN_PROGRESS,
        downloads_in_flight=settings.DOWNLOADS_IN_PROGRESS,
        # One client leaves half of the threads to the others.
        forwarded_in_flight=workers * count_web_threads() // 2,
    )


def build_worker_command() -> list[str]:
    """One worker. Run the command several times to run several jobs at once."""
    options = (
        "--app config.celery --quiet worker --loglevel warning --without-gossip --without-mingle"
    )
    return [str(_FOLDER / "celery"), *options.split()]


def build_variables() -> dict[str, str]:
    """The environment variables of the processes, in addition to those of this process."""
    return {
        "PLUGPORT_DATA_DIR": str(settings.DATA_DIR),
        # The worker would run all system checks, which imports the pages that it never serves.
        "CELERY_SKIP_CHECKS": "1",
    }
