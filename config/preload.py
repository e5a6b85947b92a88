"""Load at the start what the first requests would load at the same time.

Modules that import each other in a circle are visible half-loaded to other threads, because Python
breaks the deadlock of two threads that wait for each other's import. Such a request would fail with
an `ImportError` or `AttributeError`. So the main thread loads them before the process serves.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_backends
from django.contrib.auth.hashers import get_hashers
from django.core.cache import caches
from django.db import connection
from django.template import Engine
from django.urls import get_resolver
from django.utils.formats import get_format
from django.utils.module_loading import import_string

from common.rate_limits import get_limiter
from config.celery import app
from marketplace.search.engines import get_engine
from registry.downloads.sending import get_sender
from registry.jobs.kinds import JOB_KINDS
from registry.storage import get_store


def preload_services() -> None:
    """Load the clients of the services that the settings select. Connects to none of them."""
    if settings.REDIS_URL:
        import_module("common.redis_guard")
    if connection.vendor == "postgresql":
        import_module("psycopg_pool")
    for alias in caches:
        caches[alias]
    get_store()
    get_sender()
    get_engine()
    # The sender of messages, and the transport of the queue.
    app.finalize(auto=True)
    app.amqp, app.backend, app.events.Dispatcher  # noqa: B018 -- loads the classes
    app.connection_for_write().get_transport_cls()


def preload_web() -> None:
    """Load all pages and the API, for a web process."""
    preload_services()
    for kind in settings.RATE_LIMITS:
        get_limiter(kind)
    get_resolver().url_patterns  # noqa: B018 -- imports all views
    get_backends()
    engine = Engine.get_default()
    engine.template_loaders, engine.template_context_processors  # noqa: B018 -- imports both
    connection.ops.compiler("SQLCompiler")
    get_format("DATE_FORMAT")
    for hasher in get_hashers():
        # A module, or names of which the last is the module.
        if library := hasher.library:
            import_module(library if isinstance(library, str) else library[-1])
    for path in (
        settings.ACCOUNT_ADAPTER,
        *settings.ACCOUNT_FORMS.values(),
        settings.MESSAGE_STORAGE,
        settings.SESSION_SERIALIZER,
    ):
        import_string(path)


def preload_worker(paths: Iterable[str]) -> None:
    """Load the handlers of all jobs, and the functions at the dotted paths."""
    preload_services()
    for kind in JOB_KINDS.values():
        for is_last in (False, True):
            kind.load_handler(is_last=is_last)
    for path in paths:
        import_string(path)
