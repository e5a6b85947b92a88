"""The app's registration, and that of Django's admin."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Make the Celery app the current one, so that `send_task` works in every process."""
        import config.celery  # noqa: F401  -- importing creates the app


class AdminConfig(admin_apps.AdminConfig):
    # Django must not take it for the registration of `config`.
    default = False
    default_site = "registry.moderation.site.RegistryAdminSite"
