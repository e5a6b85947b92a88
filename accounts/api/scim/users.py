"""`/scim/v2/<organization>/Users`."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpResponse
from scim2_models import SCIMException

from accounts.actions.scim.users import (
    create_scim_user,
    delete_scim_user,
    patch_scim_user,
    replace_scim_user,
)
from accounts.api.scim.discovery import refuse_search
from accounts.api.scim.endpoint import Call, respond_json, respond_without_body, scim_endpoint
from accounts.api.scim.lists import Page, parse_page, parse_selection
from accounts.models import ScimGroup, ScimUser
from accounts.queries.scim import (
    list_groups_of,
    matches_version,
    select_scim_users,
)
from accounts.queries.scim_resources import get_scim_user
from accounts.sso.scim.filters import parse_user_filter
from accounts.sso.scim.representations import render_list, render_user
from accounts.sso.scim.resources import User


def list_users(call: Call) -> HttpResponse:
    """A page of the users: 3 queries; 1 without results on the page."""
    selection, page = parse_selection(call, str(User.__schema__)), parse_page(call)
    condition = parse_user_filter(page.filter) if page.filter else Q()
    rows = select_scim_users(call.organization, condition)
    return respond_json(_render_page(call, page, rows, selection))


def _render_page(call: Call, page: Page, rows: Any, selection: Any) -> dict[str, Any]:
    total = rows.count()
    found: list[ScimUser] = list(rows[page.slice]) if page.count and total >= page.start else []
    groups = list_groups_of(found) if found and selection.has("groups") else {}
    resources = [
        selection.apply(render_user(row, groups.get(row.pk, ()), call.base)) for row in found
    ]
    return render_list(resources, total=total, start=page.start)


def create(call: Call) -> HttpResponse:
    """A new user."""
    selection = parse_selection(call, str(User.__schema__))
    row = create_scim_user(organization=call.organization, document=call.read_body())
    return _respond(call, row, [], selection, status=201)


def get(call: Call, public_id: str) -> HttpResponse:
    """One user: 2 queries."""
    selection = parse_selection(call, str(User.__schema__))
    row, groups = get_scim_user(call.organization, public_id)
    seen = call.request.headers.get("If-None-Match", "")
    if seen and matches_version(row, seen):
        return respond_without_body(304, version=row.etag)
    return _respond(call, row, groups, selection)


def replace(call: Call, public_id: str) -> HttpResponse:
    """All attributes of a user."""
    selection = parse_selection(call, str(User.__schema__))
    row, groups = replace_scim_user(
        organization=call.organization,
        public_id=public_id,
        document=call.read_body(),
        if_match=call.if_match,
    )
    return _respond(call, row, groups, selection)


def patch(call: Call, public_id: str) -> HttpResponse:
    """Some attributes of a user."""
    selection = parse_selection(call, str(User.__schema__))
    row, groups = patch_scim_user(
        organization=call.organization,
        public_id=public_id,
        document=call.read_body(),
        if_match=call.if_match,
    )
    return _respond(call, row, groups, selection)


def delete(call: Call, public_id: str) -> HttpResponse:
    """The end of a user."""
    delete_scim_user(organization=call.organization, public_id=public_id, if_match=call.if_match)
    return respond_without_body()


def refuse_me(_call: Call) -> HttpResponse:
    """A SCIM token belongs to no person (RFC 7644, section 3.11)."""
    error = SCIMException(detail="`/Me` is not supported: a SCIM token belongs to no person.")
    error.status = 501
    raise error


def _respond(
    call: Call, row: ScimUser, groups: list[ScimGroup], selection: Any, status: int = 200
) -> HttpResponse:
    document = render_user(row, groups, call.base)
    location = document["meta"]["location"]
    return respond_json(
        selection.apply(document), status=status, location=location, version=row.etag
    )


users_view = scim_endpoint(get=list_users, post=create)
user_view = scim_endpoint(get=get, post=refuse_search, put=replace, patch=patch, delete=delete)
me_view = scim_endpoint(
    get=refuse_me, post=refuse_me, put=refuse_me, patch=refuse_me, delete=refuse_me
)
