"""The stored users and groups that requests name, with the errors of SCIM."""

from __future__ import annotations

from scim2_models import NotFoundException, PreconditionFailedException

from accounts.models import Organization, ScimGroup, ScimUser
from accounts.queries.scim import (
    find_scim_group,
    find_scim_user,
    list_groups_of,
    matches_version,
)


def get_scim_user(organization: Organization, public_id: str) -> tuple[ScimUser, list[ScimGroup]]:
    """The user, with its account, and its groups: 2 queries. Raises `NotFoundException`."""
    row = find_scim_user(organization, public_id)
    if row is None:
        raise NotFoundException(detail="There is no such user.")
    return row, list_groups_of([row])[row.pk]


def get_scim_group(organization: Organization, public_id: str) -> ScimGroup:
    """The group: 1 query. Raises `NotFoundException`."""
    row = find_scim_group(organization, public_id)
    if row is None:
        raise NotFoundException(detail="There is no such group.")
    return row


def check_version(row: ScimUser | ScimGroup, if_match: str) -> None:
    """Raise `PreconditionFailedException` unless the header is empty or matches the row."""
    if if_match and not matches_version(row, if_match):
        raise PreconditionFailedException(
            detail=f"The resource has changed: its version is {row.etag}."
        )
