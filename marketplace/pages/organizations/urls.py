"""URL patterns of the pages of organizations."""

from __future__ import annotations

from django.urls import path

from marketplace.pages.organizations import (
    access,
    deletion,
    domains,
    issuers,
    log,
    members,
    own,
    provisioning,
    robots,
    rules,
    sso,
    teams,
)

urlpatterns = [
    path("account/organizations", own.render_own, name="organizations"),
    path(
        "account/organizations/invitations/<int:invitation_id>/accept",
        own.accept,
        name="accept-organization",
    ),
    path(
        "account/organizations/invitations/<int:invitation_id>/decline",
        own.decline,
        name="decline-organization",
    ),
    path(
        "organizations/invitations/<str:key>", own.open_invitation, name="organization-invitation"
    ),
    path("organizations/<str:name>/members", members.render_members, name="organization-members"),
    path(
        "organizations/<str:name>/settings", members.render_settings, name="organization-settings"
    ),
    path("account/domains", domains.render_own_domains, name="own-domains"),
    path("organizations/<str:name>/domains", domains.render_domains, name="organization-domains"),
    path(
        "organizations/<str:name>/sso",
        sso.render_sso,
        name="organization-sso-connections",
    ),
    path("organizations/<str:name>/teams", teams.render_teams, name="organization-teams"),
    path("organizations/<str:name>/teams/<str:team>", teams.render_team, name="organization-team"),
    path(
        "organizations/<str:name>/second-factor",
        rules.render_second_factor,
        name="organization-second-factor",
    ),
    path(
        "organizations/<str:name>/sso-only",
        rules.render_sso_only,
        name="organization-sso-only",
    ),
    path("organizations/<str:name>/access", access.render_access, name="organization-access"),
    path("organizations/<str:name>/delete", deletion.render_deletion, name="organization-delete"),
    path("organizations/<str:name>/log", log.render_organization_log, name="organization-log"),
    path(
        "organizations/<str:name>/log/export",
        log.export_organization_log,
        name="organization-log-export",
    ),
    path(
        "organizations/<str:name>/publishing", issuers.render_issuers, name="organization-issuers"
    ),
    path("organizations/<str:name>/robots", robots.render_robots, name="organization-robots"),
    path(
        "organizations/<str:name>/robots/<str:robot>",
        robots.render_robot,
        name="organization-robot",
    ),
    path(
        "organizations/<str:name>/provisioning",
        provisioning.render_provisioning,
        name="organization-provisioning",
    ),
]
