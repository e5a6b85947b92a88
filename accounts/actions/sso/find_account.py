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
from accounts.models import GROUP_FIELDS, SsoConnection, SsoIdentity, User
from accounts.queries.users import find_address_owner
from accounts.sso.errors import SsoRefusedError
from accounts.sso.person import Person
from accounts.username_rules import check_new_username

_MAX_BASE_CHARS = 32
# What a group rule can grant, and the fields of the account.
RIGHTS = {group.value: (field, "is_staff") for group, field in GROUP_FIELDS.items()}


def find_or_create_account(*, connection: SsoConnection, person: Person) -> SsoIdentity:
    """The identity with its account, which is created for a new person; group rules are applied.

    An existing account is never found by its name or address: only by the subject. Raises
    `SsoRefusedError`.
    """
    with transaction.atomic():
        identity = (
            SsoIdentity.objects.select_for_update()
            .filter(connection=connection, subject=person.subject)
            .first()
        ) or _create_identity(connection, person)
        user = identity.user
        if not user.is_active:
            raise SsoRefusedError(
                "account-closed", f"The account `{user.username}` is closed or suspended."
            )
        identity.last_used_at = timezone.now()
        _apply_group_rules(connection, identity, person)
        identity.save(update_fields=["last_used_at", "granted"])
    return identity


def _create_identity(connection: SsoConnection, person: Person) -> SsoIdentity:
    # The operator vouches for the people of the provider. Without an address that is verified, the
    # account has none.
    user = User(email=person.email, is_verified=True)
    user.set_unusable_password()
    if person.email and find_address_owner(user) is not None:
        raise SsoRefusedError(
            "address-taken",
            f"Another account has the address `{person.email}`.",
            hint="Sign in to that account, and link single sign-on on its page.",
        )
    _create_named_account(user, person)
    record_audit_entry(
        actor=user,
        action="sso.account-created",
        target=user,
        connection=connection.name,
    )
    try:
        with transaction.atomic():
            return SsoIdentity.objects.create(
                connection=connection, subject=person.subject, user=user, is_provisioned=True
            )
    except IntegrityError:
        raise SsoRefusedError(
            "at-the-same-time", "Another window signed in for the first time at this moment."
        ) from None


def _create_named_account(user: User, person: Person) -> None:
    for name in _iter_names(person):
        user.username = name
        try:
            check_new_username(name)
            create_account(user)
        except ValidationError:
            continue
        return
    raise SsoRefusedError("no-name", "No user name could be found for the person.")


def _iter_names(person: Person) -> Iterator[str]:
    """User names in the order in which they are tried; the last ones are free by all likelihood."""
    bases = list(dict.fromkeys(filter(None, map(_simplify, person.names))))[:3]
    yield from bases
    for base in bases:
        yield from (f"{base}-{number}" for number in range(2, 6))
    for base in [*bases[:1], "user"]:
        yield from (f"{base}-{secrets.token_hex(3)}" for _ in range(3))


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
