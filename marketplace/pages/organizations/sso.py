"""`/organizations/<name>/sso`: the identity providers of an organization, and what their groups give.

The pages about one of them are those of `accounts.pages.sso.connections`.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.organizations.sso_groups import add_group_rule, remove_group_rule
from accounts.models import Organization, SsoGroupRule, User
from accounts.models.organization import GROUP_ROLES
from accounts.models.sso import GROUP_CHARS
from accounts.pages.sso.connections import Admin, for_admins
from accounts.pages.sso.finish import build_connection_path
from accounts.queries.organizations import list_teams
from accounts.queries.sso import list_group_rules, list_organization_connections
from marketplace.pages.organizations.frame import parse_number, redirect_to, render_page, run_button


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_admins
def render_sso(request: HttpRequest, admin: Admin) -> HttpResponse:
    """The connections of the organization, what can be added, and the rules for groups."""
    organization = admin.organization
    assert isinstance(organization, Organization)
    if request.method == "POST":
        run_button(request, admin.actor, organization, {"add": _add, "remove": _remove})
        return redirect_to("organization-sso-connections", organization)
    connections = list_organization_connections(organization)
    return render_page(
        request,
        "sso",
        organization,
        admin.actor,
        connections=[(each, build_connection_path("sso-connection", each)) for each in connections],
        add_paths={kind: admin.build_path("sso-new", kind) for kind in ("oidc", "saml")},
        rules=list_group_rules(organization),
        teams=list_teams(organization) if connections else [],
        roles=GROUP_ROLES,
        max_group_chars=GROUP_CHARS,
    )


def _add(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    kind, _, name = values.get("gives", "").partition(":")
    rule = add_group_rule(
        actor=viewer,
        organization=organization,
        connection_id=values.get("connection", ""),
        group=values.get("group", ""),
        team=name if kind == "team" else "",
        role=name if kind == "role" else "",
    )
    return f"People in {rule.group} get {_describe(rule)} at their next sign-in."


def _remove(viewer: User, organization: Organization, values: Mapping[str, str]) -> str:
    rule = remove_group_rule(
        actor=viewer, organization=organization, rule_id=parse_number(values.get("rule", ""))
    )
    return f"{rule.group} no longer gives {_describe(rule)}."


def _describe(rule: SsoGroupRule) -> str:
    return f"the team {rule.team.name}" if rule.team else f"the role {rule.role}"
