"""The account that SCIM provisioned for a person who signs in for the first time."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import Organization, ScimUser, SsoConnection, SsoIdentity, Suspension
from accounts.queries.organizations import lock_organization
from accounts.queries.scim import list_scim_users_of_person
from accounts.sso.errors import SsoRefusedError
from accounts.sso.person import Person
from accounts.sso.scim.keys import build_key

_HINT = "Ask those who operate the identity provider of the organization."


def link_provisioned_account(
    *,
    organization: Organization,
    connection: SsoConnection,
    person: Person,
    replaces: SsoIdentity | None = None,
) -> SsoIdentity | None:
    """Link the person to the account that the same organization provisioned by SCIM; None if there is none.

    `replaces` is the identity of an account that SCIM deleted, see `is_left_behind`. Call it in a
    transaction. Writes an audit entry. Raises `SsoRefusedError` if several users fit, or one that is
    deactivated or linked.
    """
    # SCIM changes users under the same lock.
    locked = lock_organization(organization)
    # Other characters cannot be stored.
    subject = person.subject if person.subject.isprintable() else ""
    # Not the user name that the provider reports, which people may be able to choose.
    names = (subject, person.email)
    keys = {build_key(name) for name in names if name and name.isprintable()}
    rows = list_scim_users_of_person(locked, subject=subject, name_keys=keys, email=person.email)
    if not rows:
        return None
    if len(rows) > 1:
        # Not the first one: a person may be able to change the address that the provider reports.
        raise SsoRefusedError(
            "ambiguous-person",
            f"The answer of {connection.name} fits {len(rows)} people that it provisioned.",
            hint=_HINT,
        )
    (row,) = rows
    if not row.is_active:
        raise build_deactivated_error(row)
    if replaces is not None:
        replaces.delete()
    return _link(connection, person, row)


def is_left_behind(identity: SsoIdentity, organization: Organization) -> bool:
    """Whether SCIM deleted the user of the identity, so that the person may have a new account: 2 queries.

    Not after a suspension, which another account must not get around.
    """
    user = identity.user
    return (
        identity.is_provisioned
        and not user.is_active
        and not Suspension.objects.filter(user=user).exists()
        and not ScimUser.objects.filter(organization=organization, user=user).exists()
    )


def build_deactivated_error(row: ScimUser) -> SsoRefusedError:
    """The identity provider deactivated the person."""
    return SsoRefusedError(
        "deactivated",
        f"The identity provider deactivated the account `{row.user.username}`.",
        hint=_HINT,
    )


def _link(connection: SsoConnection, person: Person, row: ScimUser) -> SsoIdentity:
    user = row.user
    # Of another window, which signed in while this one waited for the lock, or of another person.
    found = SsoIdentity.objects.filter(connection=connection, user=user).first()
    if found is not None and found.subject == person.subject:
        return found
    if found is not None:
        raise SsoRefusedError(
            "already-linked",
            f"Another person of {connection.name} signs in to the account `{user.username}`.",
            hint=_HINT,
        )
    try:
        with transaction.atomic():
            identity = SsoIdentity.objects.create(
                connection=connection, subject=person.subject, user=user, is_provisioned=True
            )
    except IntegrityError:
        raise SsoRefusedError(
            "at-the-same-time", "Another window signed in for the first time at this moment."
        ) from None
    record_audit_entry(
        actor=user,
        action="sso.linked",
        target=user,
        connection=connection.name,
        resource=row.public_id,
    )
    return identity
