"""Groups: what an identity provider creates, changes and deletes.

A group may have many members, so changes are applied to the rows that they concern, and never to a copy
of the whole group. All of them run a number of queries that does not depend on the number of members.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from scim2_models import (
    Context,
    InvalidPathException,
    InvalidValueException,
    MutabilityException,
    PatchOperation,
    TooManyException,
    UniquenessException,
)
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    ValuePath,
)

from accounts.actions.record_audit_entry import Act, record_audit_entries
from accounts.actions.scim.memberships import ACTOR, apply_group
from accounts.models import Organization, ScimGroup, ScimGroupMember, ScimUser
from accounts.queries.organizations import lock_organization
from accounts.queries.scim import (
    bump_users,
    find_members,
    list_group_members,
)
from accounts.queries.scim_resources import check_version, get_scim_group
from accounts.sso.scim.keys import build_key
from accounts.sso.scim.resources import (
    GROUP_PATCH,
    MAX_MEMBERS,
    check_loose_texts,
    parse_patch_op,
    parse_resource,
)
from accounts.sso.scim.resources import Group as GroupResource

MAX_GROUPS = 2_000
# Ids of accounts in one audit entry, which has at most 64 KiB.
_LOGGED = 2_000
_CONFLICT = "A group of this organization has the same `displayName` or `externalId`."
_Op = PatchOperation.Op


def create_scim_group(*, organization: Organization, document: Any) -> ScimGroup:
    """Create a group with its members; returns it. It gives no rights before an owner maps it.

    Raises `SCIMException`, `UniquenessException` among them.
    """
    resource = _parse(document, Context.RESOURCE_CREATION_REQUEST)
    try:
        with transaction.atomic():
            locked = lock_organization(organization)
            if locked.scim_groups.count() >= MAX_GROUPS:
                raise TooManyException(
                    detail=f"The organization has {MAX_GROUPS} groups; more are not allowed."
                )
            row = ScimGroup(organization=locked, external_id=resource.external_id or "")
            _set_name(row, resource.display_name)
            row.save(force_insert=True)
            _record(locked, row, "scim-group.created")
            change = _Change(added=_read_ids(resource.members), replaces=True)
            _change_members(locked, row, change)
    except IntegrityError:
        raise UniquenessException(detail=_CONFLICT) from None
    return row


def replace_scim_group(
    *, organization: Organization, public_id: str, document: Any, if_match: str
) -> ScimGroup:
    """Replace the attributes and members of a group; returns it. Raises `SCIMException`."""
    resource = _parse(document, Context.RESOURCE_REPLACEMENT_REQUEST)
    change = _Change(added=_read_ids(resource.members), replaces=True)
    change.values = {
        "displayName": resource.display_name,
        "externalId": resource.external_id or "",
    }
    if resource.id is not None:
        change.values["id"] = resource.id
    return _apply(organization, public_id, change, if_match)


def patch_scim_group(
    *, organization: Organization, public_id: str, document: Any, if_match: str
) -> ScimGroup:
    """Change attributes or members of a group; returns it. Raises `SCIMException`."""
    message = parse_patch_op(GROUP_PATCH, document)
    change = _Change()
    for operation in message.operations or ():
        _read_operation(operation, change)
    return _apply(organization, public_id, change, if_match)


def delete_scim_group(*, organization: Organization, public_id: str, if_match: str) -> None:
    """Delete a group. Its members lose what it alone gave them. Raises `SCIMException`."""
    with transaction.atomic():
        locked = lock_organization(organization)
        row = get_scim_group(locked, public_id)
        check_version(row, if_match)
        members = list_group_members(row)
        row.members.all().delete()
        acts = apply_group(locked, row, members)
        bump_users([member.pk for member in members])
        _record(locked, row, "scim-group.deleted", acts, members=len(members))
        row.delete()


@dataclass(slots=True)
class _Change:
    """What a request does to a group: new values, and ids of users.

    With `replaces`, `added` are all members. Later operations count over earlier ones.
    """

    values: dict[str, Any] = field(default_factory=dict)
    added: dict[str, None] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    replaces: bool = False

    def add(self, ids: Collection[str]) -> None:
        """Add users."""
        self.added.update(dict.fromkeys(ids))
        self.removed.difference_update(ids)

    def remove(self, ids: Collection[str]) -> None:
        """Remove users."""
        self.removed.update(ids)
        for each in ids:
            self.added.pop(each, None)

    def replace(self, ids: Collection[str]) -> None:
        """Replace all users."""
        self.added, self.removed, self.replaces = dict.fromkeys(ids), set(), True


def _parse(document: Any, context: Context) -> GroupResource:
    resource = parse_resource(GroupResource, document, context)
    check_loose_texts(resource)
    return resource


def _read_ids(members: Any) -> dict[str, None]:
    """The ids of members, each once."""
    ids = dict.fromkeys(member.value for member in members or () if member.value)
    for member in members or ():
        if (member.type or "User").lower() != "user":
            raise InvalidValueException(
                detail="A member of a group must be a user: send the members of groups in it."
            )
    return ids


def _read_operation(operation: Any, change: _Change) -> None:
    """Add an operation to the change. Raises `SCIMException`."""
    if operation.path is None:
        for name, value in _iter_values(operation.value):
            _read_value(operation.op, name, value, change)
        return
    node = operation.path.ast
    if isinstance(node, AttrPath) and node.sub_attr is None:
        _read_value(operation.op, node.attr, operation.value, change)
        return
    if isinstance(node, ValuePath) and node.attr_path.attr.lower() == "members":
        ids = _read_filter(node)
        if operation.op == _Op.remove and node.sub_attr is None:
            change.remove(ids)
            return
        if operation.op == _Op.add and node.sub_attr in (None, "value"):
            change.add(ids)
            return
    raise InvalidPathException(
        detail=f"The registry cannot `{operation.op}` `{str(operation.path)[:100]}` of a group."
    )


def _iter_values(value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise InvalidValueException(detail="Without `path`, the value must be an object.")
    for name, each in value.items():
        yield str(name).rpartition(":")[2], each


def _read_value(op: Any, name: str, value: Any, change: _Change) -> None:
    key = name.lower()
    if key == "members":
        ids = _parse_members(value)
        if op == _Op.add:
            change.add(ids)
        elif op == _Op.replace_:
            change.replace(ids)
        elif value is None:
            change.replace(())
        else:
            change.remove(ids)
        return
    attribute = {"displayname": "displayName", "externalid": "externalId", "id": "id"}.get(key)
    if attribute is None:
        # As in the other requests: what the registry does not keep is ignored.
        return
    change.values[attribute] = "" if op == _Op.remove or value is None else value


def _parse_members(value: Any) -> dict[str, None]:
    if value is None:
        return {}
    values = value if isinstance(value, list) else [value]
    # Ids alone, too: some providers send texts.
    members = [{"value": each} if isinstance(each, str) else each for each in values]
    document = {"schemas": [str(GroupResource.__schema__)], "displayName": "-", "members": members}
    return _read_ids(parse_resource(GroupResource, document, Context.DEFAULT).members)


def _read_filter(node: ValuePath) -> dict[str, None]:
    """The ids in `members[value eq "…" or value eq "…"]`."""
    inner = node.val_filter
    terms = inner.terms if isinstance(inner, LogicalExpr) else (inner,)
    is_or = not isinstance(inner, LogicalExpr) or inner.op == LogicalOperator.or_
    ids: dict[str, None] = {}
    for term in terms:
        value = _find_id(term) if is_or else None
        if value is None:
            raise InvalidPathException(
                detail='Members are selected with `members[value eq "…"]` only.'
            )
        ids[value] = None
    return ids


def _find_id(term: FilterNode) -> str | None:
    if not isinstance(term, Comparison) or term.op != CompareOperator.eq:
        return None
    is_id = term.attr_path.attr.lower() == "value" and isinstance(term.value, str)
    return term.value if is_id else None


def _set_name(row: ScimGroup, name: str | None) -> None:
    row.display_name = name or ""
    row.display_key = build_key(row.display_name)


def _apply(organization: Organization, public_id: str, change: _Change, if_match: str) -> ScimGroup:
    try:
        with transaction.atomic():
            locked = lock_organization(organization)
            row = get_scim_group(locked, public_id)
            check_version(row, if_match)
            renamed = _set_attributes(row, change.values)
            moved = _change_members(locked, row, change)
            if renamed or moved:
                row.version += 1
                row.modified_at = timezone.now()
                row.save()
            if renamed:
                _record(locked, row, "scim-group.changed", attributes=sorted(renamed))
    except IntegrityError:
        raise UniquenessException(detail=_CONFLICT) from None
    return row


def _set_attributes(row: ScimGroup, values: dict[str, Any]) -> set[str]:
    """Set name and external id; returns the names of those that changed."""
    if not values:
        return set()
    if values.get("id") not in (None, row.public_id):
        raise MutabilityException(attribute="id", detail="`id` cannot be changed.")
    document = {
        "schemas": [str(GroupResource.__schema__)],
        "displayName": values.get("displayName", row.display_name),
        "externalId": values.get("externalId", row.external_id) or None,
    }
    resource = _parse(document, Context.RESOURCE_REPLACEMENT_REQUEST)
    renamed = set()
    if resource.display_name != row.display_name:
        _set_name(row, resource.display_name)
        renamed.add("displayName")
    if (resource.external_id or "") != row.external_id:
        row.external_id = resource.external_id or ""
        renamed.add("externalId")
    return renamed


def _change_members(organization: Organization, row: ScimGroup, change: _Change) -> bool:
    """Add and remove members, with their rights; returns whether there were any."""
    if not (change.added or change.removed or change.replaces):
        return False
    current = {member.public_id: member for member in list_group_members(row)}
    wanted = [each for each in change.added if each not in current]
    # Paths may have any text in them, and not all of it can be sent to a database.
    possible = [each for each in wanted if each.isascii() and each.isprintable()]
    new = {member.public_id: member for member in find_members(organization, possible)}
    for each in wanted:
        if each not in new:
            raise InvalidValueException(
                detail=f"The organization has no user with the id `{each[:64]}`."
            )
    gone = [
        member
        for public_id, member in current.items()
        if public_id in change.removed or (change.replaces and public_id not in change.added)
    ]
    if len(current) + len(new) - len(gone) > MAX_MEMBERS:
        raise TooManyException(detail=f"A group can have at most {MAX_MEMBERS} members.")
    if not new and not gone:
        return False
    ScimGroupMember.objects.bulk_create(
        ScimGroupMember(group=row, member=member) for member in new.values()
    )
    row.members.filter(member__in=[member.pk for member in gone]).delete()
    acts = _describe_members(organization, row, list(new.values()), gone)
    acts += apply_group(organization, row, [*new.values(), *gone])
    bump_users([member.pk for member in (*new.values(), *gone)])
    record_audit_entries(actor=ACTOR, acts=acts)
    return True


def _describe_members(
    organization: Organization, row: ScimGroup, added: list[ScimUser], removed: list[ScimUser]
) -> list[Act]:
    """One act for thousands of members, with the ids of their accounts."""
    return [
        _describe(
            organization,
            row,
            "scim-group.changed",
            added=[each.user_id for each in added[start : start + _LOGGED]],
            removed=[each.user_id for each in removed[start : start + _LOGGED]],
        )
        for start in range(0, max(len(added), len(removed)), _LOGGED)
    ]


def _record(
    organization: Organization,
    row: ScimGroup,
    action: str,
    others: Iterable[Act] = (),
    **details: Any,
) -> None:
    """Record an act, and after it others that follow from it."""
    act = _describe(organization, row, action, **details)
    record_audit_entries(actor=ACTOR, acts=[act, *others])


def _describe(organization: Organization, row: ScimGroup, action: str, **details: Any) -> Act:
    values = {"resource": row.public_id, "group": row.display_name, **details}
    return Act(action, organization, details=values)
