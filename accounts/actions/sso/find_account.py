"""The account of a person whom an identity provider signs in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions.create_account import create_account
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.sso.provisioning import add_provisioned_member
from accounts.models import Organization, OrganizationMember, SsoConnection, SsoIdentity, User
from accounts.models.owner import OWNER_NAME_CHARS
from accounts.queries.organizations import lock_organization
from accounts.queries.users import find_address_owner
from accounts.sso.errors import SsoRefusedError, build_member_error
from accounts.sso.person import Person
from accounts.username_rules import check_new_username

_MAX_BASE_CHARS = 32
# What a group rule can grant, and the fields of the account.
RIGHTS = {"moderator": ("is_moderator", "is_staff"), "operator": ("is_staff", "is_superuser")}


def find_or_create_account(*, connection: SsoConnection, person: Person) -> SsoIdentity:
    """The identity with its account, which is created for a new person; group rules are applied.

    An existing account is never found by its name or address: only by the subject. Of an organization's
    connection, the account is a member. Raises `SsoRefusedError`.
    """
    with transaction.atomic():
        identity = (
            SsoIdentity.objects.select_for_update()
            .filter(connection=connection, subject=person.subject)
            .first()
        ) or _create_identity(connection, person)
        # What was loaded with it.
        identity.connection = connection
        user = identity.user
        if not user.is_active:
            raise SsoRefusedError("account-closed", f"The account `{user.username}` is closed.")
        identity.last_used_at = timezone.now()
        if connection.organization is None:
            _apply_group_rules(connection, identity, person)
        else:
            _require_member(connection.organization, user)
        identity.save(update_fields=["last_used_at", "granted"])
    return identity


def _require_member(organization: Organization, user: User) -> OrganizationMember:
    """The membership, locked with those of others. Raises `SsoRefusedError`."""
    lock_organization(organization)
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
    if person.email and find_address_owner(user) is not None:
        raise SsoRefusedError(
            "address-taken",
            f"Another account has the address `{person.email}`.",
            hint="Sign in to that account, and link single sign-on on its page.",
        )
    _create_named_account(user, person, organization)
    record_audit_entry(
        actor=user,
        action="sso.account-created",
        target=user,
        connection=connection.name,
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
    if organization is not None:
        add_provisioned_member(organization=organization, user=user)
    return identity


def _create_named_account(user: User, person: Person, organization: Organization | None) -> None:
    for name in _iter_names(person, "" if organization is None else f"-{organization.name}"):
        user.username = name
        try:
            check_new_username(name)
            create_account(user)
        except ValidationError:
            continue
        return
    raise SsoRefusedError("no-name", "No user name could be found for the person.")


def _iter_names(person: Person, suffix: str) -> Iterator[str]:
    """User names in the order in which they are tried; the last ones are free by all likelihood.

    `suffix` is the name of the organization: its provider must not take names that others want.
    """
    # A number, or random digits, come between.
    space = max(OWNER_NAME_CHARS - len(suffix) - 7, 1)
    simple = (_simplify(name)[:space].strip("-") for name in person.names)
    bases = list(dict.fromkeys(filter(None, simple)))[:3]
    yield from (f"{base}{suffix}" for base in bases)
    for base in bases:
        yield from (f"{base}-{number}{suffix}" for number in range(2, 6))
    for base in [*bases[:1], "user"[:space]]:
        yield from (f"{base}-{secrets.token_hex(3)}{suffix}" for _ in range(3))


def _simplify(text: str) -> str:
    """The part before `@` in the alphabet of user names, maybe empty."""
    local = text.partition("@")[0].lower()
    return re.sub(r"[^a-z0-9]+", "-", local).strip("-")[:_MAX_BASE_CHARS].strip("-")


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
