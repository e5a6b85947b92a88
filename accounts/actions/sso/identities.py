"""Link an account to a person of an identity provider, and undo it."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts.actions.group_rights import apply_groups, list_organization_members
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.sso.sessions import end_identity_sessions
from accounts.mails import notify_owner
from accounts.models import SsoConnection, SsoIdentity, User
from accounts.queries.organizations import lock_organization
from accounts.security.organization_session import check_is_personal
from accounts.sso.errors import SsoRefusedError, UnknownConnectionError, build_member_error


def link_identity(*, by: User | None, user: User, connection: SsoConnection, subject: str) -> None:
    """Let the person sign in to the account. `by` None means an operator at the server.

    To the provider of an organization, members link their accounts. Tells the owner by mail. Raises
    `OrganizationSessionError`, and `SsoRefusedError` if the account is no member, or if the person or
    the account is linked already.
    """
    check_is_personal(user)
    organization = connection.organization
    if organization is not None and not organization.memberships.filter(user=user).exists():
        raise build_member_error(user, organization)
    try:
        with transaction.atomic():
            SsoIdentity.objects.create(connection=connection, subject=subject, user=user)
            record_audit_entry(
                actor=by,
                action="sso.linked",
                target=user,
                connection=connection.name,
            )
    except IntegrityError:
        raise SsoRefusedError(
            "already-linked",
            f"The person of {connection.name} signs in to another account, or the account"
            f" `{user.username}` is linked to another person.",
        ) from None
    notify_owner("sso_linked", user.email, user=user, connection=connection)


def unlink_identity(*, user: User, identity_id: int) -> SsoIdentity:
    """End the link of the account, the sessions that it opened, and what its groups gave.

    Raises `UnknownConnectionError`, and `SsoRefusedError` for an account that has no other way to
    sign in.
    """
    check_is_personal(user)
    with transaction.atomic():
        identity = (
            SsoIdentity.objects.select_related("connection__owner__organization")
            .filter(pk=identity_id, user=user)
            .first()
        )
        if identity is None:
            raise UnknownConnectionError("Your account has no such link.")
        if identity.is_provisioned:
            raise SsoRefusedError(
                "only-way", "Your account was created by single sign-on, which is the way to it."
            )
        organization = identity.connection.organization
        if organization is not None:
            # Before the identity, as at a sign-in.
            organization = lock_organization(organization)
        end_identity_sessions(identity=identity)
        record_audit_entry(
            actor=user,
            action="sso.unlinked",
            target=user,
            connection=identity.connection.name,
        )
        identity.delete()
        if organization is not None:
            apply_groups(list_organization_members(organization, [user.pk]))
    return identity
