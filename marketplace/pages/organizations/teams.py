"""`/organizations/<name>/teams` and `/robots`, for the members of an organization."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.organizations.robots import create_robot, create_robot_token, delete_robot
from accounts.actions.organizations.teams import (
    add_team_member,
    create_team,
    delete_team,
    remove_team_member,
)
from accounts.actions.tokens.token_request import DEFAULT_DAYS
from accounts.errors import OrganizationRequestError
from accounts.models import Organization, User
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import OrganizationRight, check_organization_right
from accounts.queries.organizations import get_organization, get_team, list_robots, list_teams
from marketplace.pages.organizations.frame import Run, redirect_to, render_page, run_button
from plugport.spec.errors import PlugportError
from registry.actions.organizations.team_rights import remove_team_right, set_team_right
from registry.models import Role
from registry.queries.team_rights import list_team_rights
from registry.queries.visible import Viewer

_TOKEN_SCOPES = ("read", "publish")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_teams(request: HttpRequest, name: str) -> HttpResponse:
    """The teams, and for managers the form for a new one. Raises `OrganizationRightError`."""
    viewer, organization = _get_insider(request, name)
    if request.method == "POST":
        run_button(request, viewer, organization, {"create": _create_team, "delete": _delete_team})
        return redirect_to("organization-teams", organization)
    return render_page(request, "teams", organization, viewer, teams=list_teams(organization))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_team(request: HttpRequest, name: str, team: str) -> HttpResponse:
    """The members and rights of a team. Raises `OrganizationRightError` and `UnknownTeamError`."""
    viewer, organization = _get_insider(request, name)
    if request.method == "POST":
        actions: dict[str, Run] = {
            action: _name_team(run, team) for action, run in _TEAM_ACTIONS.items()
        }
        run_button(request, viewer, organization, actions)
        return redirect_to("organization-team", organization, team)
    found = get_team(organization, team)
    return render_page(
        request,
        "team",
        organization,
        viewer,
        team=found,
        members=[each.member.user for each in found.members.all()],
        rights=list_team_rights(found, Viewer(viewer)),
        roles=Role.choices,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_robots(request: HttpRequest, name: str) -> HttpResponse:
    """The robots. After a POST for a token, also its text, once. Raises `OrganizationRightError`."""
    viewer, organization = _get_insider(request, name)
    text = ""
    if request.method == "POST" and request.POST.get("action") == "token":
        text = _create_token(request, viewer, organization)
    elif request.method == "POST":
        run_button(
            request, viewer, organization, {"create": _create_robot, "delete": _delete_robot}
        )
    if request.method == "POST" and not text:
        return redirect_to("organization-robots", organization)
    # The text of a token is in this response and nowhere else, not even in the session.
    return render_page(
        request,
        "robots",
        organization,
        viewer,
        robots=list_robots(organization),
        token_text=text,
        token_days=DEFAULT_DAYS,
    )


def _get_insider(request: HttpRequest, name: str) -> tuple[User, Organization]:
    viewer, organization = get_signed_in_user(request), get_organization(name)
    check_organization_right(viewer, organization, OrganizationRight.SEE_MEMBERS)
    return viewer, organization


def _create_token(request: HttpRequest, viewer: User, organization: Organization) -> str:
    """The text of the new token; empty, with a message, if it cannot be created."""
    try:
        return create_robot_token(
            actor=viewer,
            organization=organization,
            robot_name=request.POST.get("robot", "")[:300],
            name=request.POST.get("name", "")[:300],
            scopes=_TOKEN_SCOPES,
        )[1]
    except PlugportError as error:
        details = " ".join(each.detail for each in error.fields) or error.hint or ""
        messages.error(request, f"{error.detail} {details}".strip())
        return ""


def _create_robot(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    try:
        robot = create_robot(actor=viewer, organization=organization, name=values.get("name", ""))
    except OrganizationRequestError as error:
        raise _with_fields(error) from None
    return f"The robot {robot.username} is created. Add it to a team and create a token."


def _delete_robot(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    name = values.get("robot", "")
    delete_robot(actor=viewer, organization=organization, robot_name=name)
    return f"The robot {name} is deleted, and its tokens are revoked."


def _create_team(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    try:
        team = create_team(actor=viewer, organization=organization, name=values.get("name", ""))
    except OrganizationRequestError as error:
        raise _with_fields(error) from None
    return f"The team {team.name} is created."


def _with_fields(error: OrganizationRequestError) -> OrganizationRequestError:
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
