"""Reads of transfers. Docstrings state the number of SQL queries."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import OrganizationMember, OrganizationRole, Owner, User
from accounts.security.memberships import build_membership_condition
from registry.errors import UnknownTransferError
from registry.models import (
    OPEN_STATES,
    Member,
    Plugin,
    Role,
    Scope,
    Transfer,
    TransferState,
    Visibility,
)
from registry.queries.members import lock_plugin

# Ids are 64-bit integers in the databases, and larger ones are errors there.
_MAX_ID = 2**63 - 1
MAX_LISTED = 100
_RELATED = (
    *("plugin__scope__owner", "scope__owner", "offered_by", "accepted_by"),
    *("giver__user", "giver__organization", "receiver__user", "receiver__organization"),
)
_OPEN_OFFER = Q(state=TransferState.OFFERED)


@dataclass(frozen=True, slots=True)
class Readers:
    """How many plugins have a visibility that is not public, and who sees them after the transfer."""

    visibility: str
    plugins: int
    readers: str


def build_owned_condition(user: User, path: str) -> Q:
    """Select the rows whose owner (a foreign key at the path) the user is, or acts for as an owner."""
    organizations = OrganizationMember.objects.filter(
        build_membership_condition(user),
        organization=OuterRef(f"{path}__organization"),
        role=OrganizationRole.OWNER,
    )
    # A session of an organization does not reach what belongs to the person.
    personal = Q(**{f"{path}__user": user}) if user.session_of is None else Q(pk__in=[])
    return personal | Q(Exists(organizations))


def _select(condition: Q) -> QuerySet[Transfer]:
    rows = Transfer.objects.filter(condition, state__in=OPEN_STATES)
    rows = rows.exclude(_OPEN_OFFER, expires_at__lte=timezone.now())
    return rows.select_related(*_RELATED).order_by("-id")


def build_giver_condition(user: User) -> Q:
    """Select the transfers of what the user owns, also those that another owner has offered."""
    held = Member.objects.filter(
        build_owned_condition(user, "holder"), plugin=OuterRef("plugin"), role=Role.OWNER
    )
    return Q(Exists(held)) | build_owned_condition(user, "scope__owner")


def list_transfers(user: User) -> list[Transfer]:
    """The open transfers to and from the user and the organizations of which it is an owner: 1 query.

    The newest first, at most `MAX_LISTED`.
    """
    condition = build_owned_condition(user, "receiver") | build_giver_condition(user)
    return list(_select(condition)[:MAX_LISTED])


def list_incoming(user: User) -> list[Transfer]:
    """Those to the user and its organizations: 1 query. See `list_transfers`."""
    return list(_select(build_owned_condition(user, "receiver"))[:MAX_LISTED])


def get_transfer(user: User, transfer_id: int) -> Transfer:
    """An open transfer to or from the user: 1 query. Raises `UnknownTransferError`.

    One of others is as unknown as a missing one.
    """
    condition = build_owned_condition(user, "receiver") | build_giver_condition(user)
    is_id = 0 < transfer_id <= _MAX_ID
    transfer = _select(condition).filter(pk=transfer_id).first() if is_id else None
    if transfer is None:
        raise UnknownTransferError(
            "There is no such transfer to or from your account and its organizations.",
            hint="It may have expired, or it was canceled, declined or completed.",
        )
    return transfer


def is_receiver(user: User, transfer: Transfer) -> bool:
    """Whether the user is the receiver, or an owner of the organization that is: 1 query."""
    rows = Transfer.objects.filter(build_owned_condition(user, "receiver"), pk=transfer.pk)
    return rows.exists()


def find_open_transfer(target: Plugin | Scope) -> Transfer | None:
    """The transfer of the plugin or scope that has not ended: 1 query."""
    condition = Q(plugin=target) if isinstance(target, Plugin) else Q(scope=target)
    return _select(condition).first()


def find_pending_transfer(plugin: Plugin) -> Transfer | None:
    """The open transfer of the plugin or of its scope: 1 query."""
    return _select(Q(plugin=plugin) | Q(scope__isnull=False, scope=plugin.scope_id)).first()


def lock_transfer(transfer: Transfer) -> Transfer:
    """Lock what moves, then read the transfer again: 2 to 3 queries.

    The scope first, as in all changes of scopes. Raises `UnknownPluginError` for a plugin that was deleted.
    """
    if transfer.scope_id is not None:
        lock_scope(transfer.scope_id)
    elif transfer.plugin is not None:
        if transfer.plugin.scope_id is not None:
            lock_scope(transfer.plugin.scope_id)
        lock_plugin(transfer.plugin)
    return Transfer.objects.select_related(*_RELATED).get(pk=transfer.pk)


def lock_scope(key: int) -> Scope:
    """Lock the row of the scope until the transaction ends: 1 query."""
    rows = Scope.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("owner__organization", "owner__user").get(pk=key)


def list_owned_scopes(user: User) -> list[Scope]:
    """The scopes of the organizations of which the user is an owner: 1 query."""
    rows = Scope.objects.filter(
        owner__organization__memberships__user=user,
        owner__organization__memberships__role=OrganizationRole.OWNER,
    )
    return list(rows.select_related("owner").order_by("name"))


def list_moving_plugins(transfer: Transfer) -> QuerySet[Plugin]:
    """Select the plugins whose owners change: of a scope those that its owner owns, by key."""
    if transfer.plugin_id is not None:
        return Plugin.objects.filter(pk=transfer.plugin_id)
    return select_plugins_of(transfer.scope_id, transfer.giver_id)


def select_plugins_of(scope_id: int | None, owner_id: int) -> QuerySet[Plugin]:
    """Select the plugins in the scope in which its owner has the role of an owner, by key."""
    held = Member.objects.filter(plugin=OuterRef("pk"), holder=owner_id, role=Role.OWNER)
    return Plugin.objects.filter(Exists(held), scope=scope_id).order_by("pk")


def list_later_readers(target: Plugin | Scope, receiver: Owner) -> list[Readers]:
    """Who sees after a transfer what is not public: 1 query."""
    rows = Plugin.objects.filter(pk=target.pk) if isinstance(target, Plugin) else target.plugins
    values = list(rows.exclude(visibility=Visibility.PUBLIC).values_list("visibility", flat=True))
    return [
        Readers(str(visibility), count, _describe(visibility, receiver))
        for visibility in (Visibility.INTERNAL, Visibility.PRIVATE)
        if (count := values.count(visibility))
    ]


def _describe(visibility: Visibility, receiver: Owner) -> str:
    if visibility is Visibility.PRIVATE:
        return f"`{receiver.name}`, and the maintainers and publishers, who keep their roles"
    if receiver.kind == Owner.Kind.ORGANIZATION:
        return f"all members of the organization `{receiver.name}`"
    return "all accounts of this registry with a verified address"
