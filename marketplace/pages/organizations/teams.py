"""`/organizations/<name>/teams`, for the members of an organization."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.organizations.teams import (
    add_team_member,
    create_team,
    delete_team,
    remove_team_member,
)
from accounts.errors import OrganizationRequestError
from accounts.models import Organization, User
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import (
    get_organization,
    get_team,
    list_team_members,
    list_teams,
)
from marketplace.pages.organizations.frame import (
    Run,
    get_page_number,
    redirect_to,
    render_page,
    run_button,
)
from marketplace.pagination import build_pagination
from registry.actions.organizations.team_rights import remove_team_right, set_team_right
from registry.models import Role
from registry.queries.team_rights import list_team_rights
from registry.queries.visible import Viewer


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_teams(request: HttpRequest, name: str) -> HttpResponse:
    """The teams, and for managers the form for a new one. Raises `OrganizationRightError`."""
    viewer, organization = get_insider(request, name)
    if request.method == "POST":
        run_button(request, viewer, organization, {"create": _create_team, "delete": _delete_team})
        return redirect_to("organization-teams", organization)
    return render_page(request, "teams", organization, viewer, teams=list_teams(organization))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_team(request: HttpRequest, name: str, team: str) -> HttpResponse:
    """The members and rights of a team. Raises `OrganizationRightError` and `UnknownTeamError`."""
    viewer, organization = get_insider(request, name)
    if request.method == "POST":
        actions: dict[str, Run] = {
            action: _name_team(run, team) for action, run in _TEAM_ACTIONS.items()
        }
        run_button(request, viewer, organization, actions)
        return redirect_to("organization-team", organization, team)
    found = get_team(organization, team)
    members = list_team_members(found, number=get_page_number(request))
    return render_page(
        request,
        "team",
        organization,
        viewer,
        team=found,
        members=[each.member.user for each in members.rows],
        member_count=members.total,
        pagination=build_pagination(request.GET, number=members.number, pages=members.pages),
        rights=list_team_rights(found, Viewer(viewer)),
        roles=Role.choices,
    )


def get_insider(request: HttpRequest, name: str) -> tuple[User, Organization]:
    """The viewer, who is a member, and the organization. Raises `OrganizationRightError`."""
    viewer, organization = get_signed_in_user(request), get_organization(name)
    check_organization_right(viewer, organization, OrganizationRight.SEE_MEMBERS)
    return viewer, organization


def _create_team(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    try:
        team = create_team(actor=viewer, organization=organization, name=values.get("name", ""))
    except OrganizationRequestError as error:
        raise join_fields(error) from None
    return f"The team {team.name} is created."


def join_fields(error: OrganizationRequestError) -> OrganizationRequestError:
    """The error with what is wrong with its fields in its text, for a message."""
    return OrganizationRequestError(" ".join(each.detail for each in error.fields) or error.detail)


def _delete_team(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    name = values.get("team", "")
    delete_team(actor=viewer, organization=organization, name=name)
    return f"The team {name} is deleted, and its rights have ended."


def _name_team(run: Run, team: str) -> Run:
    return lambda viewer, organization, values: run(viewer, organization, {**values, "team": team})


def _add(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    username = values.get("username", "").strip().removeprefix("@").lower()
    add_team_member(actor=viewer, organization=organization, name=values["team"], username=username)
    return f"{username} is in the team now."


def _remove(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    username = values.get("username", "")
    remove_team_member(
        actor=viewer, organization=organization, name=values["team"], username=username
    )
    return f"{username} is no longer in the team."


def _give(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    role = values.get("role", "")
    if role not in Role.values:
        raise OrganizationRequestError("The form names no role. Nothing was changed.")
    right = set_team_right(
        actor=viewer,
        organization=organization,
        team_name=values["team"],
        target=values.get("target", "").strip(),
        role=Role(role),
    )
    return f"The team has the role {right.role} in {right.target}."


def _take(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    target = values.get("target", "")
    remove_team_right(
        actor=viewer, organization=organization, team_name=values["team"], target=target
    )
    return f"The team has no right in {target} any longer."


_TEAM_ACTIONS: dict[str, Run] = {"add": _add, "remove": _remove, "give": _give, "take": _take}
