"""`/organizations/{organization}/teams` and `/robots`."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.actions.organizations.robots import (
    create_robot,
    delete_robot,
)
from accounts.actions.organizations.teams import (
    add_team_member,
    create_team,
    delete_team,
    remove_team_member,
)
from accounts.api.views import ApiView
from accounts.models import Organization
from accounts.policies import OrganizationRight
from accounts.queries.organizations import (
    get_organization,
    get_team,
    list_robots,
    list_team_members,
    list_teams,
)
from accounts.queries.paging import MAX_PEOPLE_PER_PAGE
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api import organizations as api
from plugport.spec.api.validation import validate_body
from registry.actions.organizations.team_rights import remove_team_right, set_team_right
from registry.api.v1.organizations import get_organization_actor, get_readable_organization
from registry.api.v1.parameters import (
    ORGANIZATION,
    PEOPLE_PAGING,
    ROBOT,
    TARGET,
    TEAM,
    USERNAME,
    get_people_page,
)
from registry.api.viewers import get_token_viewer
from registry.models import Role
from registry.queries.team_rights import list_team_rights
from registry.representations.organizations import build_robot, build_team


class TeamsView(ApiView):
    """The teams of an organization."""

    @extend_schema(operation_id="listTeams", parameters=[ORGANIZATION], responses=api.TeamList)
    def get(self, request: Request, organization: str) -> HttpResponse:
        """List the teams. For members; requires `read` or `manage`."""
        found = get_readable_organization(request, organization, OrganizationRight.SEE_MEMBERS)
        document: api.TeamList = {
            "name": found.name,
            "teams": [
                {"name": team.name, "memberCount": team.member_count} for team in list_teams(found)
            ],
        }
        return respond_json(request, document, cache=PRIVATE)

    @extend_schema(
        operation_id="createTeam",
        parameters=[ORGANIZATION],
        request=api.TeamBody,
        responses={201: api.Team},
    )
    def post(self, request: Request, organization: str) -> HttpResponse:
        """Create a team. For owners and managers; requires `manage`."""
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        body = validate_body(api.TeamBody, request.data)
        team = create_team(actor=actor, organization=found, name=body["name"])
        document = build_team(team, list_team_members(team), ())
        return respond_json(request, document, cache=PRIVATE, status=201)


class TeamView(ApiView):
    """One team of an organization."""

    @extend_schema(
        operation_id="getTeam",
        parameters=[ORGANIZATION, TEAM, *PEOPLE_PAGING],
        responses=api.Team,
    )
    def get(self, request: Request, organization: str, team: str) -> HttpResponse:
        """Get the members and rights of a team. For members; requires `read` or `manage`."""
        found = get_readable_organization(request, organization, OrganizationRight.SEE_MEMBERS)
        number, limit = get_people_page(request.GET)
        return _respond_team(request, found, team, number=number, limit=limit)

    @extend_schema(
        operation_id="deleteTeam",
        parameters=[ORGANIZATION, TEAM],
        responses=api.OrganizationDeletion,
    )
    def delete(self, request: Request, organization: str, team: str) -> HttpResponse:
        """Delete a team; its rights end at once. For owners and managers; requires `manage`."""
        actor, found = get_organization_actor(request, organization), get_organization(organization)
        delete_team(actor=actor, organization=found, name=team)
        document: api.OrganizationDeletion = {"organization": found.name, "name": team}
        return respond_json(request, document, cache=PRIVATE)


class TeamMemberView(ApiView):
    """One member of a team."""

    @extend_schema(
        operation_id="addTeamMember",
        parameters=[ORGANIZATION, TEAM, USERNAME],
        request=None,
        responses=api.Team,
    )
    def put(self, request: Request, organization: str, team: str, username: str) -> HttpResponse:
        """Add a member or robot of the organization. For owners and managers; requires `manage`."""
        actor, found = get_organization_actor(request, organization), get_organization(organization)
        add_team_member(actor=actor, organization=found, name=team, username=username)
        return _respond_team(request, found, team)

    @extend_schema(
        operation_id="removeTeamMember",
        parameters=[ORGANIZATION, TEAM, USERNAME],
        responses=api.Team,
    )
    def delete(self, request: Request, organization: str, team: str, username: str) -> HttpResponse:
        """Take a member out of a team. For owners and managers, and to leave; requires `manage`."""
        actor, found = get_organization_actor(request, organization), get_organization(organization)
        remove_team_member(actor=actor, organization=found, name=team, username=username)
        return _respond_team(request, found, team)


class TeamRightView(ApiView):
    """The right of a team in one plugin or scope."""

    @extend_schema(
        operation_id="setTeamRight",
        parameters=[ORGANIZATION, TEAM, TARGET],
        request=api.TeamRightBody,
        responses=api.Team,
    )
    def put(self, request: Request, organization: str, team: str, target: str) -> HttpResponse:
        """Give a team a role in a plugin or scope of the organization. Requires `manage`."""
        actor, found = get_organization_actor(request, organization), get_organization(organization)
        body = validate_body(api.TeamRightBody, request.data)
        set_team_right(
            actor=actor,
            organization=found,
            team_name=team,
            target=target,
            role=Role(body["role"]),
        )
        return _respond_team(request, found, team)

    @extend_schema(
        operation_id="removeTeamRight",
        parameters=[ORGANIZATION, TEAM, TARGET],
        responses=api.Team,
    )
    def delete(self, request: Request, organization: str, team: str, target: str) -> HttpResponse:
        """Take a right away from a team. Requires `manage`."""
        actor, found = get_organization_actor(request, organization), get_organization(organization)
        remove_team_right(actor=actor, organization=found, team_name=team, target=target)
        return _respond_team(request, found, team)


class RobotsView(ApiView):
    """The robots of an organization."""

    @extend_schema(operation_id="listRobots", parameters=[ORGANIZATION], responses=api.RobotList)
    def get(self, request: Request, organization: str) -> HttpResponse:
        """List the robots. For members; requires `read` or `manage`."""
        found = get_readable_organization(request, organization, OrganizationRight.SEE_MEMBERS)
        robots = [build_robot(robot, found) for robot in list_robots(found)]
        document: api.RobotList = {"name": found.name, "robots": robots}
        return respond_json(request, document, cache=PRIVATE)

    @extend_schema(
        operation_id="createRobot",
        parameters=[ORGANIZATION],
        request=api.TeamBody,
        responses={201: api.Robot},
    )
    def post(self, request: Request, organization: str) -> HttpResponse:
        """Create a robot, named `organization+name`. For owners and managers; requires `manage`."""
        actor, found = get_organization_actor(request, organization), get_organization(organization)
        body = validate_body(api.TeamBody, request.data)
        robot = create_robot(actor=actor, organization=found, name=body["name"])
        return respond_json(request, build_robot(robot, found), cache=PRIVATE, status=201)


class RobotView(ApiView):
    """One robot of an organization."""

    @extend_schema(
        operation_id="deleteRobot",
        parameters=[ORGANIZATION, ROBOT],
        responses=api.OrganizationDeletion,
    )
    def delete(self, request: Request, organization: str, robot: str) -> HttpResponse:
        """Delete a robot; its tokens are revoked. For owners and managers; requires `manage`."""
        actor, found = get_organization_actor(request, organization), get_organization(organization)
        delete_robot(actor=actor, organization=found, robot_name=robot)
        document: api.OrganizationDeletion = {"organization": found.name, "name": robot}
        return respond_json(request, document, cache=PRIVATE)


def _respond_team(
    request: Request,
    organization: Organization,
    name: str,
    *,
    number: int = 1,
    limit: int = MAX_PEOPLE_PER_PAGE,
) -> HttpResponse:
    team = get_team(organization, name)
    members = list_team_members(team, number=number, limit=limit)
    rights = list_team_rights(team, get_token_viewer(request))
    return respond_json(request, build_team(team, members, rights), cache=PRIVATE)
