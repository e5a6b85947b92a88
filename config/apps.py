"""The app's registration."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Make the Celery app the current one, so that `send_task` works in every process."""
        import config.celery  # noqa: F401  -- importing creates the app
