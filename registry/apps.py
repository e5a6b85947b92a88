"""The app's registration."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "Registry"

    def ready(self) -> None:
        """Register the system checks, the checks of user names, and what a new password ends, and the audited acts."""
        from accounts.recovery import register_recovery_step
        from accounts.security.closing import register_closing_step
        from accounts.username_rules import register_username_check
        from registry import system_checks  # noqa: F401  -- importing registers them
        from registry.actions.audited import register_audited
        from registry.actions.closing.close_memberships import CLOSING
        from registry.actions.closing.withdraw_sent_invitations import withdraw_sent_invitations
        from registry.policies import check_scope_is_free, check_username_is_not_well_known

        register_username_check(check_scope_is_free)
        register_username_check(check_username_is_not_well_known)
        register_recovery_step(withdraw_sent_invitations)
        register_closing_step(CLOSING)
        register_audited()
