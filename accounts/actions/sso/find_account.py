"""The account of a person whom an identity provider signs in."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import (
    Act,
    record_audit_entries,
    record_audit_entry,
)
from accounts.actions.sso.account_names import give_free_name
from accounts.actions.sso.provisioned_account import (
    build_deactivated_error,
    is_left_behind,
    link_provisioned_account,
)
from accounts.actions.sso.provisioning import add_provisioned_member
from accounts.actions.sso.record_failure import record_failure
from accounts.actions.sso.sign_in_groups import apply_sign_in_groups
from accounts.models import (
    GROUP_FIELDS,
    Organization,
    OrganizationMember,
    SsoConnection,
    SsoIdentity,
    User,
)
from accounts.queries.organizations import lock_organization
from accounts.queries.users import find_address_owner, lock_address
from accounts.sso.errors import SsoRefusedError, build_member_error
from accounts.sso.person import Person

# What a group rule can grant, and the fields of the account.
RIGHTS = {group.value: (field, "is_staff") for group, field in GROUP_FIELDS.items()}


def find_or_create_account(*, connection: SsoConnection, person: Person) -> SsoIdentity:
    """The identity with its account, which is created for a new person; group rules are applied.

    An existing account is never found by its name or address: only by the subject. The exception are
    accounts that SCIM provisioned for the organization of the connection. Of an organization's connection,
    the account is a member. Raises `SsoRefusedError`.
    """
    with transaction.atomic():
        if connection.organization is not None:
            # Before the identity, in the order in which a member is removed.
            lock_organization(connection.organization)
        identity = _find_identity(connection, person) or _create_identity(connection, person)
        # What was loaded with it.
        identity.connection = connection
        user = identity.user
        if not user.is_active:
            raise _build_closed_error(connection, user)
        identity.last_used_at = timezone.now()
        organization = connection.organization
        member = None if organization is None else _require_member(organization, user)
        if person.has_unknown_groups and connection.has_group_rules():
            _record_unknown_groups(connection, user)
        elif organization is None or member is None:
            _apply_group_rules(connection, identity, person)
        else:
            apply_sign_in_groups(
                organization=organization, identity=identity, member=member, person=person
            )
        identity.save(update_fields=["last_used_at", "granted"])
    return identity


def _find_identity(connection: SsoConnection, person: Person) -> SsoIdentity | None:
    rows = SsoIdentity.objects.select_for_update().filter(connection=connection)
    identity = rows.filter(subject=person.subject).first()
    organization = connection.organization
    if organization is None:
        return identity
    if identity is None or is_left_behind(identity, organization):
        linked = link_provisioned_account(
            organization=organization, connection=connection, person=person, replaces=identity
        )
        return linked or identity
    return identity


def _build_closed_error(connection: SsoConnection, user: User) -> SsoRefusedError:
    organization = connection.organization
    if organization is not None:
        rows = organization.scim_users.select_related("user")
        row = rows.filter(user=user, is_active=False).first()
        if row is not None:
            return build_deactivated_error(row)
    return SsoRefusedError(
        "account-closed", f"The account `{user.username}` is closed or suspended."
    )


def _require_member(organization: Organization, user: User) -> OrganizationMember:
    """The membership. Call it with the organization locked. Raises `SsoRefusedError`."""
    member = organization.memberships.filter(user=user).first()
    if member is None:
        raise build_member_error(user, organization)
    return member


def _create_identity(connection: SsoConnection, person: Person) -> SsoIdentity:
    organization = connection.organization
    if not connection.creates_accounts:
        raise SsoRefusedError(
            "not-provisioned",
            f"The person has no account, and {connection.name} creates none.",
            hint="Ask the owners of the organization to add you."
            if organization
            else "Ask those who operate this registry to add you.",
        )
    # The operator, or the organization, vouches for the people of the provider. Without an address that
    # is verified, the account has none.
    user = User(email=person.email, is_verified=True)
    user.set_unusable_password()
    if person.email:
        lock_address(person.email)
    if person.email and find_address_owner(user) is not None:
        raise SsoRefusedError(
            "address-taken",
            f"Another account has the address `{person.email}`.",
            hint="Sign in to that account, and link single sign-on on its page.",
        )
    give_free_name(user, person.names, organization=organization)
    user.save(force_insert=True)
    created = Act("sso.account-created", user, details={"connection": connection.name})
    record_audit_entries(actor=user, acts=[Act("account.created", user), created])
    try:
        with transaction.atomic():
            identity = SsoIdentity.objects.create(
                connection=connection, subject=person.subject, user=user, is_provisioned=True
            )
    except IntegrityError:
        raise SsoRefusedError(
            "at-the-same-time", "Another window signed in for the first time at this moment."
        ) from None
    if organization is not None:
        add_provisioned_member(organization=organization, user=user)
    return identity


def _record_unknown_groups(connection: SsoConnection, user: User) -> None:
    """The rights stay as they were: a person in too many groups is not in none."""
    detail = (
        f"The provider did not send the groups of `{user.username}`, because there are too many for an"
        " answer. The person signed in with the rights of the last sign-in."
    )
    hint = "Let the provider send only the groups that are assigned to the application."
    record_failure(
        connection=connection, error=SsoRefusedError("too-many-groups", f"{detail} {hint}")
    )


def _apply_group_rules(connection: SsoConnection, identity: SsoIdentity, person: Person) -> None:
    """Give and take the rights that the rules name. What an operator gave by hand stays."""
    user, groups = identity.user, set(person.groups)
    wanted = {
        rule["right"]
        for rule in connection.group_rules
        if rule["group"] in groups and rule["right"] in RIGHTS
    }
    before = set(identity.granted)
    kept = {field for right in wanted for field in RIGHTS[right]}
    new = {right for right in wanted if not all(getattr(user, field) for field in RIGHTS[right])}
    lost = before - wanted
    if not new and not lost:
        return
    values = dict.fromkeys((field for right in new for field in RIGHTS[right]), True)
    values |= {f: False for right in lost for f in RIGHTS[right] if f not in kept}
    for field, value in values.items():
        setattr(user, field, value)
    if user.registry_groups and "is_staff" in values:
        # A group that an operator gave needs it too.
        user.is_staff = True
    user.save(update_fields=list(values) or None)
    identity.granted = sorted((before | new) & wanted)
    record_audit_entry(
        actor=user,
        action="sso.rights-changed",
        target=user,
        connection=connection.name,
        given=sorted(new),
        taken=sorted(lost),
    )
