"""Users and groups as SCIM sends them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from scim2_models import InvalidPathException

from accounts.models import ScimGroup, ScimUser
from accounts.sso.scim.resources import Group, User

LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_MAX_SELECTED = 50
# Sent whatever the client selects (RFC 7643, section 3.1).
_ALWAYS = frozenset({"schemas", "id"})


def render_user(row: ScimUser, groups: Iterable[ScimGroup], base: str) -> dict[str, Any]:
    """The user with its groups."""
    document: dict[str, Any] = {"schemas": [str(User.__schema__)], "id": row.public_id}
    optional = {
        "externalId": row.external_id,
        "userName": row.user_name,
        "name": row.name,
        "displayName": row.display_name,
        "emails": row.emails,
        "groups": [
            {
                "value": group.public_id,
                "$ref": f"{base}/Groups/{group.public_id}",
                "display": group.display_name,
                "type": "direct",
            }
            for group in groups
        ],
    }
    document.update({name: value for name, value in optional.items() if value})
    document["active"] = row.is_active
    document["meta"] = _render_meta(row, "User", f"{base}/Users/{row.public_id}")
    return document


def render_group(row: ScimGroup, members: Iterable[ScimUser], base: str) -> dict[str, Any]:
    """The group with its members."""
    document: dict[str, Any] = {"schemas": [str(Group.__schema__)], "id": row.public_id}
    if row.external_id:
        document["externalId"] = row.external_id
    document["displayName"] = row.display_name
    rendered = [
        {
            "value": member.public_id,
            "$ref": f"{base}/Users/{member.public_id}",
            "type": "User",
        }
        for member in members
    ]
    if rendered:
        document["members"] = rendered
    document["meta"] = _render_meta(row, "Group", f"{base}/Groups/{row.public_id}")
    return document


def render_list(resources: Sequence[Any], *, total: int, start: int) -> dict[str, Any]:
    """A page of a list (RFC 7644, section 3.4.2)."""
    return {
        "schemas": [LIST_SCHEMA],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def build_user_resource(row: ScimUser) -> User:
    """The user as an object that a PATCH changes."""
    return User.model_validate(
        {
            "schemas": [str(User.__schema__)],
            "id": row.public_id,
            "externalId": row.external_id or None,
            "userName": row.user_name,
            "name": row.name or None,
            "displayName": row.display_name or None,
            "active": row.is_active,
            "emails": row.emails or None,
        }
    )


def _render_meta(row: ScimUser | ScimGroup, kind: str, location: str) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "created": _format_time(row.created_at),
        "lastModified": _format_time(row.modified_at),
        "location": location,
        "version": row.etag,
    }


def _format_time(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


class Selection:
    """The `attributes` or `excludedAttributes` of a request (RFC 7644, section 3.9).

    Names have no case, and may have the URN of the schema before them. Unknown ones are ignored.
    """

    def __init__(self, attributes: str, excluded: str, schema: str) -> None:
        """Raise `InvalidPathException` if both are given, or too many."""
        if attributes and excluded:
            raise InvalidPathException(
                detail="`attributes` and `excludedAttributes` cannot be used together."
            )
        names = [each.strip().lower() for each in (attributes or excluded).split(",")]
        if len(names) > _MAX_SELECTED:
            raise InvalidPathException(
                detail=f"{len(names)} attributes are selected; at most {_MAX_SELECTED} are allowed."
            )
        prefix = f"{schema.lower()}:"
        self._names = {name.removeprefix(prefix) for name in names if name}
        self._is_exclusion = bool(excluded)

    def has(self, attribute: str) -> bool:
        """Whether the attribute is sent, in whole or in part."""
        name = attribute.lower()
        if not self._names or name in _ALWAYS:
            return True
        if self._is_exclusion:
            return name not in self._names
        return name in self._names or any(each.startswith(f"{name}.") for each in self._names)

    def apply(self, document: dict[str, Any]) -> dict[str, Any]:
        """What is sent of the document."""
        if not self._names:
            return document
        selected = {}
        for name, value in document.items():
            if self.has(name) and (part := self._cut(name, value)) not in ({}, []):
                selected[name] = part
        return selected

    def _cut(self, name: str, value: Any) -> Any:
        key = name.lower()
        if key in _ALWAYS or (not self._is_exclusion and key in self._names):
            return value
        if isinstance(value, list):
            parts = [self._cut(name, each) for each in value]
            return [part for part in parts if part != {}]
        if not isinstance(value, dict):
            return value
        return {
            sub: each
            for sub, each in value.items()
            if (f"{key}.{sub.lower()}" in self._names) != self._is_exclusion
        }
