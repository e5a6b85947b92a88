"""`/scim/v2/<organization>/Groups`."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponse

from accounts.actions.scim.groups import (
    create_scim_group,
    delete_scim_group,
    patch_scim_group,
    replace_scim_group,
)
from accounts.api.scim.discovery import refuse_search
from accounts.api.scim.endpoint import Call, respond_json, respond_without_body, scim_endpoint
from accounts.api.scim.lists import parse_page, parse_selection
from accounts.models import ScimGroup
from accounts.queries.scim import (
    list_group_members,
    list_members_of,
    matches_version,
    select_scim_groups,
)
from accounts.queries.scim_resources import get_scim_group
from accounts.sso.scim.filters import parse_group_filter
from accounts.sso.scim.representations import Selection, render_group, render_list
from accounts.sso.scim.resources import Group


def list_groups(call: Call) -> HttpResponse:
    """A page of the groups: 3 queries; 2 without members."""
    selection, page = parse_selection(call, str(Group.__schema__)), parse_page(call)
    condition = parse_group_filter(page.filter) if page.filter else Q()
    rows = select_scim_groups(call.organization, condition)
    total = rows.count()
    found: list[ScimGroup] = list(rows[page.slice]) if page.count and total >= page.start else []
    members = list_members_of(found) if found and selection.has("members") else {}
    resources = [
        selection.apply(render_group(row, members.get(row.pk, ()), call.base)) for row in found
    ]
    return respond_json(render_list(resources, total=total, start=page.start))


def create(call: Call) -> HttpResponse:
    """A new group."""
    selection = parse_selection(call, str(Group.__schema__))
    row = create_scim_group(organization=call.organization, document=call.read_body())
    return _respond(call, row, selection, status=201)


def get(call: Call, public_id: str) -> HttpResponse:
    """One group: 2 queries, 1 without members."""
    selection = parse_selection(call, str(Group.__schema__))
    row = get_scim_group(call.organization, public_id)
    seen = call.request.headers.get("If-None-Match", "")
    if seen and matches_version(row, seen):
        return respond_without_body(304, version=row.etag)
    return _respond(call, row, selection)


def replace(call: Call, public_id: str) -> HttpResponse:
    """All attributes and members of a group."""
    selection = parse_selection(call, str(Group.__schema__))
    row = replace_scim_group(
        organization=call.organization,
        public_id=public_id,
        document=call.read_body(),
        if_match=call.if_match,
    )
    return _respond(call, row, selection)


def patch(call: Call, public_id: str) -> HttpResponse:
    """Some attributes or members of a group."""
    selection = parse_selection(call, str(Group.__schema__))
    row = patch_scim_group(
        organization=call.organization,
        public_id=public_id,
        document=call.read_body(),
        if_match=call.if_match,
    )
    return _respond(call, row, selection)


def delete(call: Call, public_id: str) -> HttpResponse:
    """The end of a group."""
    delete_scim_group(organization=call.organization, public_id=public_id, if_match=call.if_match)
    return respond_without_body()


def _respond(call: Call, row: ScimGroup, selection: Selection, status: int = 200) -> HttpResponse:
    members = list_group_members(row) if selection.has("members") else ()
    document = render_group(row, members, call.base)
    location = document["meta"]["location"]
    return respond_json(
        selection.apply(document), status=status, location=location, version=row.etag
    )


groups_view = scim_endpoint(get=list_groups, post=create)
group_view = scim_endpoint(get=get, post=refuse_search, put=replace, patch=patch, delete=delete)
