"""The app's registration."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Register system checks, what the audit log records by itself, and other receivers."""
        from accounts import (
            signals,  # noqa: F401 -- importing connects them
            system_checks,  # noqa: F401 -- importing registers them
        )
        from accounts.actions.domains.audited import register_audited as register_domains
        from accounts.actions.organizations.audited import register_audited
        from accounts.actions.organizations.invitations import (
            withdraw_sent_organization_invitations,
        )
        from accounts.actions.scim.audited import register_audited as register_scim
        from accounts.hooks.recovery import register_recovery_step
        from accounts.security import (
            confirmation,  # noqa: F401 -- importing connects its receiver
            factors,  # noqa: F401 -- likewise
        )

        register_audited()
        register_recovery_step(withdraw_sent_organization_invitations)
        register_domains()
        register_scim()
