"""The WSGI application."""

import multiprocessing
import os

from django.core.wsgi import get_wsgi_application

from common.processes.parent_watchdog import exit_with_parent
from config.startup import (
    WEB_STATEMENT_SECONDS,
    exit_on_start_error,
    limit_database_statements,
    open_database_connections,
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# In a web process, which granian starts; without it, it would keep the port after a kill of granian.
if (_server := multiprocessing.parent_process()) is not None and _server.pid is not None:
    exit_with_parent(_server.pid)
with exit_on_start_error():
    application = get_wsgi_application()
    limit_database_statements(seconds=WEB_STATEMENT_SECONDS)
    # After the setup of Django, because it imports models.
    from config.preload import preload_web

    preload_web()
    if _server is not None:
        from config.processes.threads import count_web_threads

        open_database_connections(count_web_threads())
