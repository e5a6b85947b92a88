"""URLs of the API, mounted under `/api/v1` and as an alias under `/api`.

`/plugins` itself is in `marketplace.api.urls`, because it needs the search engine.
"""

from __future__ import annotations

from django.urls import path, register_converter

from accounts.api import leaked_tokens, tokens
from registry.api.converters import NameConverter, VersionConverter
from registry.api.v1 import (
    claims,
    diff,
    domains,
    download,
    instance,
    me,
    organizations,
    owners,
    plugins,
    publications,
    releases,
    robot_tokens,
    scopes,
    staged,
    taxonomy,
    teams,
    transfers,
    trusted_publishers,
    visibility,
)
from registry.api.v1.organization import audit, issuers, sso_groups

register_converter(NameConverter, "plugin")
register_converter(VersionConverter, "release")

_PLUGIN = "plugins/<plugin:name>"
_ORGANIZATION = "organizations/<str:organization>"
_TEAM = f"{_ORGANIZATION}/teams/<str:team>"
_ROBOT = f"{_ORGANIZATION}/robots/<str:robot>"
_RELEASE = f"{_PLUGIN}/<release:version>"

urlpatterns = [
    path("plugins/featured", plugins.FeaturedView.as_view()),
    path("plugins/popular", plugins.PopularView.as_view()),
    path("plugins/recent", plugins.RecentView.as_view()),
    path(f"{_PLUGIN}/versions", releases.VersionsView.as_view()),
    path(f"{_PLUGIN}/readme", releases.PluginReadmeView.as_view()),
    path(f"{_PLUGIN}/dependents", plugins.DependentsView.as_view()),
    path(f"{_PLUGIN}/stats", plugins.StatsView.as_view()),
    path(f"{_PLUGIN}/owners", owners.OwnersView.as_view()),
    path(f"{_PLUGIN}/owners/<str:username>", owners.OwnerView.as_view()),
    path(f"{_PLUGIN}/publishing", trusted_publishers.PublishingView.as_view()),
    path(f"{_PLUGIN}/trusted-publishers", trusted_publishers.TrustedPublishersView.as_view()),
    path(
        f"{_PLUGIN}/trusted-publishers/<int:id>", trusted_publishers.TrustedPublisherView.as_view()
    ),
    path(f"{_RELEASE}/approve", staged.ApproveView.as_view()),
    path(f"{_RELEASE}/discard", staged.DiscardView.as_view()),
    path(f"{_PLUGIN}/transfer", transfers.PluginTransferView.as_view()),
    path(f"{_PLUGIN}/adoption", claims.AdoptionView.as_view()),
    path(f"{_PLUGIN}/visibility", visibility.PluginVisibilityView.as_view()),
    path(f"{_RELEASE}/download", download.DownloadView.as_view()),
    path(f"{_RELEASE}/diff", diff.DiffView.as_view()),
    path(f"{_RELEASE}/readme", releases.ReleaseReadmeView.as_view()),
    path(f"{_RELEASE}/deprecate", releases.DeprecateView.as_view()),
    path(f"{_RELEASE}/undeprecate", releases.UndeprecateView.as_view()),
    path(f"{_RELEASE}/yank", releases.YankView.as_view()),
    path(f"{_RELEASE}/unyank", releases.UnyankView.as_view()),
    path(_RELEASE, releases.ReleaseView.as_view()),
    path(_PLUGIN, plugins.PluginView.as_view()),
    path("publications/<str:id>", publications.PublicationView.as_view()),
    path("categories", taxonomy.CategoriesView.as_view()),
    path("tags", taxonomy.TagsView.as_view()),
    path("me", me.MeView.as_view()),
    path("me/audit", me.MyAuditView.as_view()),
    path("leaked-tokens", leaked_tokens.LeakedTokensView.as_view()),
    path("me/tokens", tokens.TokensView.as_view()),
    path("me/tokens/current", tokens.CurrentTokenView.as_view()),
    path("me/tokens/<int:id>", tokens.TokenView.as_view()),
    path("me/invitations", owners.InvitationsView.as_view()),
    path("me/invitations/<int:id>/accept", owners.AcceptView.as_view()),
    path("me/invitations/<int:id>/decline", owners.DeclineView.as_view()),
    path("me/pending-publishers", trusted_publishers.PendingPublishersView.as_view()),
    path("me/issuers", trusted_publishers.IssuersView.as_view()),
    path("me/issuers/<int:id>", trusted_publishers.IssuerView.as_view()),
    path("oidc/mint-token", trusted_publishers.MintView.as_view()),
    path("me/organizations", organizations.MembershipsView.as_view()),
    path("me/organizations/<str:organization>", organizations.MembershipView.as_view()),
    path(
        "me/organization-invitations/<int:id>/accept",
        organizations.AcceptMembershipView.as_view(),
    ),
    path(
        "me/organization-invitations/<int:id>/decline",
        organizations.DeclineMembershipView.as_view(),
    ),
    path("me/domains", domains.MyDomainsView.as_view()),
    # `path`: names of accounts on code hosts have a slash.
    path("me/domains/<path:domain>/check", domains.MyDomainCheckView.as_view()),
    path("me/domains/<path:domain>", domains.MyDomainView.as_view()),
    path("organizations", organizations.OrganizationsView.as_view()),
    path(_ORGANIZATION, organizations.OrganizationView.as_view()),
    path(f"{_ORGANIZATION}/domains", domains.OrganizationDomainsView.as_view()),
    path(
        f"{_ORGANIZATION}/domains/<path:domain>/check",
        domains.OrganizationDomainCheckView.as_view(),
    ),
    path(f"{_ORGANIZATION}/second-factor", organizations.SecondFactorView.as_view()),
    path(f"{_ORGANIZATION}/domains/<path:domain>", domains.OrganizationDomainView.as_view()),
    path(f"{_ORGANIZATION}/sso-only", organizations.SsoRuleView.as_view()),
    path(f"{_ORGANIZATION}/sso-groups", sso_groups.SsoGroupsView.as_view()),
    path(f"{_ORGANIZATION}/sso-groups/<int:id>", sso_groups.SsoGroupView.as_view()),
    path(f"{_ORGANIZATION}/members", organizations.PeopleView.as_view()),
    path(f"{_ORGANIZATION}/members/<str:username>", organizations.PersonView.as_view()),
    path(f"{_ORGANIZATION}/invitations", organizations.SentInvitationsView.as_view()),
    path(f"{_ORGANIZATION}/invitations/<int:id>", organizations.SentInvitationView.as_view()),
    path(f"{_ORGANIZATION}/teams", teams.TeamsView.as_view()),
    path(_TEAM, teams.TeamView.as_view()),
    path(f"{_TEAM}/members/<str:username>", teams.TeamMemberView.as_view()),
    path(f"{_TEAM}/rights/<path:target>", teams.TeamRightView.as_view()),
    path(f"{_ORGANIZATION}/robots", teams.RobotsView.as_view()),
    path(_ROBOT, teams.RobotView.as_view()),
    path(f"{_ROBOT}/tokens", robot_tokens.RobotTokensView.as_view()),
    path(f"{_ROBOT}/tokens/<int:id>", robot_tokens.RobotTokenView.as_view()),
    path(f"{_ROBOT}/tokens/<int:id>/rotate", robot_tokens.RotateRobotTokenView.as_view()),
    path(f"{_ORGANIZATION}/audit", audit.OrganizationAuditView.as_view()),
    path(f"{_ORGANIZATION}/issuers", issuers.OrganizationIssuersView.as_view()),
    path(f"{_ORGANIZATION}/issuers/<int:id>", issuers.OrganizationIssuerView.as_view()),
    path("scopes", scopes.ScopesView.as_view()),
    path("scopes/<str:name>/visibility", visibility.ScopeVisibilityView.as_view()),
    path("scopes/<str:name>/transfer", transfers.ScopeTransferView.as_view()),
    path("claims", claims.ClaimsView.as_view()),
    path("claims/<int:id>", claims.ClaimView.as_view()),
    path("claims/<int:id>/answer", claims.ClaimAnswerView.as_view()),
    path("me/claims", claims.MyClaimsView.as_view()),
    path("me/transfers", transfers.TransfersView.as_view()),
    path("me/transfers/<int:id>/accept", transfers.AcceptTransferView.as_view()),
    path("me/transfers/<int:id>/decline", transfers.DeclineTransferView.as_view()),
    path("me/transfers/<int:id>/cancel", transfers.CancelTransferView.as_view()),
    path("instance", instance.InstanceView.as_view()),
]
