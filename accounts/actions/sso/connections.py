"""Set up connections to identity providers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.actions.group_rights import apply_groups, list_organization_members
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.sso.sessions import end_all_sessions
from accounts.models import Organization, SsoConnection, SsoIdentity, User
from accounts.policies import check_sets_up_sso
from accounts.queries.organizations import lock_organization
from accounts.queries.sso import lock_connection
from accounts.queries.users import lock_unchanged_account
from accounts.security.encryption import encrypt_secret
from accounts.sso.errors import ConnectionSettingsError
from accounts.sso.saml.settings import build_own_key

# Of an organization.
MAX_CONNECTIONS = 5


@dataclass(frozen=True, slots=True)
class ConnectionValues:
    """What those who set a connection up decide; `secret` None keeps the stored one.

    `document` is what the provider publishes, already checked, for OpenID Connect.
    """

    name: str
    settings: Mapping[str, Any]
    group_rules: Sequence[Mapping[str, str]]
    email_domains: Sequence[str]
    creates_accounts: bool = True
    secret: str | None = None
    document: Mapping[str, Any] | None = None


def create_connection(
    *, actor: User, kind: str, values: ConnectionValues, organization: Organization | None = None
) -> SsoConnection:
    """Create a connection, switched off. For SAML, with a new key of this registry.

    It signs in to the organization, or to the whole registry. Raises `UnknownConnectionError`,
    `PasswordChangedError`, and `ConnectionSettingsError` if the organization has as many as it may.
    """
    check_sets_up_sso(actor, organization)
    connection = SsoConnection(kind=kind)
    own = {}
    if kind == SsoConnection.SAML:
        key, own["own_certificate"] = build_own_key()
        connection.secret = encrypt_secret(key)
    with transaction.atomic():
        if organization is not None:
            connection.owner = lock_organization(organization).owner
        # A new password ends the session that sends this; below likewise.
        lock_unchanged_account(actor)
        if organization is not None:
            # Again: the actor may have been removed since.
            check_sets_up_sso(actor, organization)
            _check_count(organization)
        _assign(connection, values, own)
        connection.save()
        record_audit_entry(
            actor=actor,
            action="sso.connection-created",
            target=connection,
            **_describe(connection),
        )
    return connection


def update_connection(*, actor: User, connection: SsoConnection, values: ConnectionValues) -> None:
    """Change the connection. If it then trusts something else, it is off until it is tested again."""
    check_sets_up_sso(actor, connection.organization)
    with transaction.atomic():
        organization = _lock_organization(connection)
        lock_unchanged_account(actor)
        connection = lock_connection(connection)
        before = (connection.settings, connection.secret)
        own = {
            name: connection.settings[name]
            for name in ("own_certificate",)
            if name in connection.settings
        }
        _assign(connection, values, own)
        if before != (connection.settings, connection.secret):
            _check_leaves_way_in(organization, connection)
            connection.is_enabled, connection.tested_at = False, None
        connection.save()
        record_audit_entry(
            actor=actor,
            action="sso.connection-changed",
            target=connection,
            has_new_secret=values.secret is not None,
            **_describe(connection),
        )


def _lock_organization(connection: SsoConnection) -> Organization | None:
    """Before the account and the connection: the rule of single sign-on only changes while the organization is locked."""
    organization = connection.organization
    return None if organization is None else lock_organization(organization)


def _check_leaves_way_in(organization: Organization | None, connection: SsoConnection) -> None:
    """Raise `ConnectionSettingsError` if nobody could sign in to the organization any longer."""
    if organization is None or not organization.sso_only or not connection.is_enabled:
        return
    others = organization.owner.sso_connections.filter(is_enabled=True)
    if not others.exclude(pk=connection.pk).exists():
        raise ConnectionSettingsError(
            f"`{organization.name}` requires its single sign-on, and {connection.name} is the only"
            " connection that is on.",
            hint="Require single sign-on no longer, or switch another connection on first.",
        )


def _check_count(organization: Organization) -> None:
    count = organization.owner.sso_connections.count()
    if count >= MAX_CONNECTIONS:
        raise ConnectionSettingsError(
            f"`{organization.name}` has {count} connections; at most {MAX_CONNECTIONS} are allowed.",
            hint="Delete one that is not used.",
        )


def _assign(connection: SsoConnection, values: ConnectionValues, own: Mapping[str, str]) -> None:
    connection.name = values.name
    connection.settings = {**values.settings, **own}
    connection.group_rules = list(values.group_rules)
    connection.email_domains = list(values.email_domains)
    connection.creates_accounts = values.creates_accounts
    if values.secret is not None:
        connection.secret = encrypt_secret(values.secret) if values.secret else ""
    if values.document is not None:
        connection.document = values.document
        connection.document_at = timezone.now()


def _describe(connection: SsoConnection) -> dict[str, Any]:
    """For the audit log: no secrets, and no certificates, which are long."""
    hidden = ("certificates", "own_certificate")
    return {
        "name": connection.name,
        "kind": connection.kind,
        "settings": {k: v for k, v in connection.settings.items() if k not in hidden},
        "rules": connection.group_rules[:100],
        "email_domains": connection.email_domains[:100],
        "creates_accounts": connection.creates_accounts,
        "is_enabled": connection.is_enabled,
    }


def mark_tested(*, actor: User, connection: SsoConnection) -> None:
    """Record that a test sign-in succeeded, which allows to switch the connection on.

    `connection` has the settings of the test. Raises `ConnectionSettingsError` if they changed meanwhile.
    """
    check_sets_up_sso(actor, connection.organization)
    with transaction.atomic():
        locked = lock_connection(connection)
        if (locked.settings, locked.secret) != (connection.settings, connection.secret):
            raise ConnectionSettingsError(
                "The settings were changed during the test.", hint="Test the connection again."
            )
        locked.tested_at = timezone.now()
        locked.save(update_fields=["tested_at"])
        record_audit_entry(actor=actor, action="sso.connection-tested", target=locked)


def switch_connection(*, actor: User, connection: SsoConnection, is_enabled: bool) -> None:
    """Switch the connection on or off; off ends the sessions that it opened.

    Raises `ConnectionSettingsError` if no test sign-in has succeeded with the current settings.
    """
    check_sets_up_sso(actor, connection.organization)
    with transaction.atomic():
        organization = _lock_organization(connection)
        lock_unchanged_account(actor)
        connection = lock_connection(connection)
        if not is_enabled:
            _check_leaves_way_in(organization, connection)
        if is_enabled and connection.tested_at is None:
            raise ConnectionSettingsError(
                "No test sign-in has succeeded with the current settings.",
                hint="Test the connection first.",
            )
        connection.is_enabled = is_enabled
        connection.save(update_fields=["is_enabled"])
        ended = 0 if is_enabled else end_all_sessions(connection=connection)
        record_audit_entry(
            actor=actor,
            action="sso.connection-enabled" if is_enabled else "sso.connection-disabled",
            target=connection,
            ended_sessions=ended,
        )


def delete_connection(*, actor: User, connection: SsoConnection) -> None:
    """Delete the connection with its links and rules, and end the sessions that it opened.

    Accounts stay. What the rules of an organization's connection gave ends.
    """
    check_sets_up_sso(actor, connection.organization)
    with transaction.atomic():
        organization = _lock_organization(connection)
        _check_leaves_way_in(organization, connection)
        end_all_sessions(connection=connection)
        in_groups = SsoIdentity.objects.filter(connection=connection, groups__isnull=False)
        users = set(in_groups.values_list("user", flat=True))
        record_audit_entry(
            actor=actor,
            action="sso.connection-deleted",
            target=connection,
            **_describe(connection),
        )
        connection.delete()
        if organization is not None:
            apply_groups(list_organization_members(organization, users))
