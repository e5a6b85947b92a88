"""The app's registration."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Register system checks and what the audit log records by itself."""
        from accounts import (
            signals,  # noqa: F401 -- importing connects them
            system_checks,  # noqa: F401 -- importing registers them
        )
