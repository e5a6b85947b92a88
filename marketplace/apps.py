"""The app's registration."""

from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    name = "marketplace"
    verbose_name = "Marketplace"

    def ready(self) -> None:
        """Hear of changes of the registry."""
        from marketplace.search import following
        from registry.events import journal_appended

        journal_appended.connect(following.notice, dispatch_uid="search")
