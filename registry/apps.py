"""The app's registration."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "Registry"

    def ready(self) -> None:
        """Register the checks, the audited acts, and what ends with a new password or a membership."""
        from accounts.actions.organizations.teams import register_owner_check
        from accounts.hooks.organization_property import register_property
        from accounts.hooks.organization_removal import register_removal_step
        from accounts.hooks.ownership import register_ownership
        from accounts.hooks.recovery import register_access_step, register_recovery_step
        from accounts.security.closing import register_closing_step
        from accounts.username_rules import register_username_check
        from registry import system_checks  # noqa: F401  -- importing registers them
        from registry.actions.audited import register_audited
        from registry.actions.closing.close_memberships import CLOSING
        from registry.actions.closing.end_recent_publishers import end_recent_publishers
        from registry.actions.closing.list_recent_members import list_recent_members
        from registry.actions.closing.withdraw_sent_invitations import withdraw_sent_invitations
        from registry.actions.organizations.revoke_limited_tokens import revoke_limited_tokens
        from registry.actions.organizations.team_rights import has_owner_right
        from registry.actions.transfers.ending import withdraw_offered_transfers
        from registry.policies import check_scope_is_free, check_username_is_not_well_known
        from registry.queries.owned import find_owned, list_incoming_transfers, list_owned_plugins

        register_username_check(check_scope_is_free)
        register_username_check(check_username_is_not_well_known)
        register_recovery_step(withdraw_sent_invitations)
        register_recovery_step(withdraw_offered_transfers)
        register_access_step(end_recent_publishers)
        register_access_step(list_recent_members)
        register_closing_step(CLOSING)
        register_removal_step(revoke_limited_tokens)
        register_owner_check(has_owner_right)
        register_ownership(find_owned)
        register_property(list_owned_plugins)
        register_property(list_incoming_transfers)
        register_audited()
