"""`/organizations/{organization}/sso-groups`: what groups of the identity providers give at a sign-in."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.actions.organizations.sso_groups import add_group_rule, remove_group_rule
from accounts.api.views import ApiView
from accounts.policies import OrganizationRight
from accounts.queries.organizations import get_organization
from accounts.queries.sso import (
    list_group_rules,
    list_organization_connections,
)
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api import sso_groups as api
from plugport.spec.api.validation import validate_body
from registry.api.v1.organizations import get_organization_actor, get_readable_organization
from registry.api.v1.parameters import ORGANIZATION, PUBLISHER_ID
from registry.representations.sso_groups import build_sso_connection, build_sso_group_rule


class SsoGroupsView(ApiView):
    """The rules for groups of an organization."""

    @extend_schema(
        operation_id="listSsoGroups", parameters=[ORGANIZATION], responses=api.SsoGroupList
    )
    def get(self, request: Request, organization: str) -> HttpResponse:
        """List the connections to identity providers, and the rules for groups. For owners.

        Requires `read` or `manage`.
        """
        found = get_readable_organization(request, organization, OrganizationRight.MANAGE_OWNERS)
        connections = list_organization_connections(found)
        rules = list_group_rules(found)
        document: api.SsoGroupList = {
            "organization": found.name,
            "connections": [build_sso_connection(row) for row in connections],
            "rules": [build_sso_group_rule(row, row.member_count) for row in rules],
        }
        return respond_json(request, document, cache=PRIVATE)

    @extend_schema(
        operation_id="addSsoGroup",
        parameters=[ORGANIZATION],
        request=api.SsoGroupRuleBody,
        responses={201: api.SsoGroupRule},
    )
    def post(self, request: Request, organization: str) -> HttpResponse:
        """Give the people in a group a team or a role at their next sign-in. For owners; requires `manage`."""
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        body = validate_body(api.SsoGroupRuleBody, request.data)
        rule = add_group_rule(
            actor=actor,
            organization=found,
            connection_id=body["connection"],
            group=body["group"],
            team=body.get("team", ""),
            role=body.get("role", ""),
        )
        return respond_json(request, build_sso_group_rule(rule, 0), cache=PRIVATE, status=201)


class SsoGroupView(ApiView):
    """One rule for a group of an organization."""

    @extend_schema(
        operation_id="removeSsoGroup",
        parameters=[ORGANIZATION, PUBLISHER_ID],
        responses=api.SsoGroupRule,
    )
    def delete(self, request: Request, organization: str, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Remove a rule; what only this rule gave ends at once. For owners; requires `manage`."""
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        rule = remove_group_rule(actor=actor, organization=found, rule_id=id)
        return respond_json(request, build_sso_group_rule(rule, 0), cache=PRIVATE)
