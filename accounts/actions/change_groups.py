"""Put accounts into the groups of the registry."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.errors import AccountStateError, GroupRequestError
from accounts.models import GROUP_FIELDS, AccountGroup, User
from accounts.policies import check_may_change_groups


def change_groups(*, actor: User | None, account: User, groups: Collection[str]) -> None:
    """Set the groups of the account: exactly these. `actor` None means an operator at the command line.

    Who is in a group may enter the admin. Writes an audit entry with the groups before and after.
    Raises `AccountDeniedError`, `GroupRequestError` for a group that does not exist, and
    `AccountStateError` for the last operator.
    """
    if actor is not None:
        check_may_change_groups(actor, account)
    if unknown := sorted(set(groups) - set(AccountGroup.values)):
        raise GroupRequestError(
            f"There is no group `{unknown[0][:64]}`.",
            hint=f"The groups are `{'`, `'.join(AccountGroup.values)}`.",
        )
    with transaction.atomic():
        # Two operators must not take the rights from each other at once.
        operators = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
        others = [each for each in operators.order_by("pk") if each.pk != account.pk]
        user = User.objects.select_for_update().get(pk=account.pk)
        before = user.registry_groups
        if before == set(groups):
            return
        if AccountGroup.OPERATOR in before - set(groups) and not others:
            raise AccountStateError(
                f"`{user.username}` is the last operator.",
                hint="Make another account an operator first.",
            )
        for group, field in GROUP_FIELDS.items():
            setattr(user, field, group in groups)
        user.is_staff = bool(groups)
        user.save()
        record_audit_entry(
            actor=actor,
            action="account.groups-changed",
            target=user,
            before=sorted(before),
            after=sorted(groups),
        )
