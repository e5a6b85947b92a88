"""The app's registration."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "Registry"

    def ready(self) -> None:
        """Load the system checks."""
        from registry import system_checks  # noqa: F401  -- importing registers them
