"""App configuration of the marketplace."""

from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    name = "marketplace"
    verbose_name = "Marketplace"

    def ready(self) -> None:
        """Register the section of the account page, the readers of the journal and system checks."""
        from accounts.pages.account import register_section
        from marketplace import system_checks  # noqa: F401  -- importing registers them
        from marketplace.pages.own.invitations import OWN_INVITATIONS
        from marketplace.pages.own.plugins import OWN_PLUGINS
        from marketplace.pages.own.scopes import OWN_SCOPES
        from marketplace.pages.own.transfers import OWN_TRANSFERS
        from marketplace.readme import prerendering
        from marketplace.search import index_follower
        from registry.journal import journal_appended

        register_section(OWN_INVITATIONS)
        register_section(OWN_TRANSFERS)
        register_section(OWN_PLUGINS)
        register_section(OWN_SCOPES)
        journal_appended.connect(index_follower.on_journal_appended, dispatch_uid="search")
        journal_appended.connect(prerendering.on_journal_appended, dispatch_uid="readmes")
