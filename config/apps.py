"""Makes the Celery app the current one wherever Django runs."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Importing the app is what registers it."""
        import config.celery  # noqa: F401
