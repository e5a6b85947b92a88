"""Mails about transfers: to the owners on both sides, and to the owners of direct dependents.

`add_transfer_mails` writes them in the transaction of a step. `send_transfer_mails` is periodic work:
a mail server that hangs delays no request.
"""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.mails import build_url, send_mail
from accounts.models import OrganizationMember, OrganizationRole, Owner, User
from registry.actions.transfers.mail_queue import send_due_mails
from registry.models import Member, Plugin, Role, Transfer, TransferMail, TransferState

# Accounts told of one step: of the owners on both sides, and of those of direct dependents. Beyond them, the
# page and the JSON of the plugin say the same.
MAX_PARTIES = 500
MAX_DEPENDENT_MAILS = 1_000
# Nothing is public before the acceptance, and a refused offer concerns nobody else.
_PUBLIC_STEPS = (TransferState.ACCEPTED, TransferState.COMPLETED)
_CAN_RECEIVE = {"is_active": True, "is_verified": True, "email__gt": ""}


def add_transfer_mails(
    transfer: Transfer,
    step: TransferState,
    *,
    plugins: QuerySet[Plugin] | None = None,
    former: Collection[int] = (),
) -> None:
    """Write the mails about a step. Call it in the transaction of the step, at most 5 queries.

    `plugins` are those that move. `former` are accounts that were owners before.
    """
    keys: set[int] = set()
    if plugins is not None:
        keys = set(plugins.values_list("pk", flat=True))
    elif transfer.plugin_id is not None:
        keys = {transfer.plugin_id}
    owners = Owner.objects.filter(
        Q(pk__in=(transfer.giver_id, transfer.receiver_id))
        | Q(memberships__plugin__in=keys, memberships__role=Role.OWNER)
    )
    parties = set(_list_accounts(owners)[:MAX_PARTIES]) | set(former)
    dependents: dict[int, str] = {}
    was_public = step in _PUBLIC_STEPS or (
        step in (TransferState.CANCELED, TransferState.FAILED) and transfer.accepted_at is not None
    )
    if was_public:
        dependents = _list_dependent_owners(keys, parties)
    known = User.objects.filter(pk__in=parties, **_CAN_RECEIVE).values_list("pk", flat=True)
    mails = [
        TransferMail(transfer=transfer, user_id=user, step=step, informed=len(dependents))
        for user in known
    ]
    mails += [
        TransferMail(transfer=transfer, user_id=user, step=step, about=name)
        for user, name in dependents.items()
    ]
    TransferMail.objects.bulk_create(mails, ignore_conflicts=True, batch_size=200)


def _list_accounts(owners: QuerySet[Owner]) -> list[int]:
    """The keys of the persons, and of the owners of the organizations: 2 queries."""
    keys = list(owners.values_list("pk", flat=True).distinct()[:MAX_PARTIES])
    persons = User.objects.filter(owner__in=keys).values_list("pk", flat=True)
    acting = OrganizationMember.objects.filter(
        organization__owner__in=keys, role=OrganizationRole.OWNER
    )
    return [*persons, *acting.values_list("user_id", flat=True)]


def _list_dependent_owners(keys: Collection[int], parties: Collection[int]) -> dict[int, str]:
    """The accounts that own public plugins whose newest release depends on one that moves: 2 queries.

    With the name of such a plugin of theirs. What is not public is left out: the number of mails would tell
    others of it.
    """
    names = Plugin.objects.filter(pk__in=keys, is_listed=True).values("name")
    members = Member.objects.filter(
        role=Role.OWNER, plugin__is_listed=True, plugin__latest__dependencies__name__in=names
    ).exclude(plugin__in=keys)
    rows = members.order_by("plugin_id").select_related("holder", "plugin")
    rows = rows.only("plugin__name", "holder__user", "holder__organization", "holder__kind")
    persons: dict[int, str] = {}
    organizations: dict[int, str] = {}
    for member in rows[: MAX_DEPENDENT_MAILS * 2]:
        holder, name = member.holder, member.plugin.name
        if holder.user_id is not None:
            persons.setdefault(holder.user_id, name)
        elif holder.organization_id is not None:
            organizations.setdefault(holder.organization_id, name)
    acting = OrganizationMember.objects.filter(
        organization__in=organizations, role=OrganizationRole.OWNER
    )
    for organization, user in acting.values_list("organization_id", "user_id"):
        persons.setdefault(user, organizations[organization])
    found = set(persons) - set(parties)
    open_accounts = User.objects.filter(pk__in=found, **_CAN_RECEIVE).order_by("pk")
    chosen = open_accounts.values_list("pk", flat=True)[:MAX_DEPENDENT_MAILS]
    return {user: persons[user] for user in chosen}


def send_transfer_mails() -> int:
    """Send what is due; returns the number of mails."""
    return send_due_mails(
        TransferMail.objects.all(),
        related=(
            *("transfer__plugin", "transfer__scope", "transfer__offered_by"),
            *("transfer__giver", "transfer__receiver"),
        ),
        send=_send,
    )


def _send(mail: TransferMail) -> None:
    user, transfer = mail.user, mail.transfer
    plugin = transfer.plugin
    is_dated = mail.step == TransferState.ACCEPTED and transfer.takes_effect_at is not None
    send_mail(
        "transfer",
        user.email,
        user=user,
        transfer=transfer,
        step=mail.step,
        about=mail.about,
        informed=mail.informed,
        day=transfer.takes_effect_at if is_dated else None,
        url=build_url("account") + "#transfers"
        if not mail.about
        else settings.BASE_URL + (plugin.path if plugin is not None else f"/{transfer.scope}"),
    )
