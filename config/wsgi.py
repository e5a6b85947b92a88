"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

from config.startup import exit_on_start_error

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
with exit_on_start_error():
    application = get_wsgi_application()
