"""URL patterns of the pages of organizations."""

from __future__ import annotations

from django.urls import path

from marketplace.pages.organizations import members, own, sso, teams

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
    path(
        "organizations/<str:name>/sso",
        sso.render_sso,
        name="organization-sso-connections",
    ),
    path("organizations/<str:name>/teams", teams.render_teams, name="organization-teams"),
    path("organizations/<str:name>/teams/<str:team>", teams.render_team, name="organization-team"),
    path("organizations/<str:name>/robots", teams.render_robots, name="organization-robots"),
]
