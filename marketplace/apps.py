"""The app's registration."""

from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    name = "marketplace"
    verbose_name = "Marketplace"

    def ready(self) -> None:
        """Hear of changes of the registry; load the system checks."""
        from marketplace import system_checks  # noqa: F401  -- importing registers them
        from marketplace.readme import warming
        from marketplace.search import following
        from registry.events import journal_appended

        journal_appended.connect(following.notice, dispatch_uid="search")
        journal_appended.connect(warming.notice, dispatch_uid="readmes")
