"""The URLconf of the pages."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from marketplace.pages import (
    client_index,
    contact,
    design,
    docs,
    home,
    images,
    profiles,
    search,
    taxonomy,
)
from marketplace.pages.organizations.urls import urlpatterns as organization_urls
from marketplace.pages.own import claims
from marketplace.pages.own import invitations as own_invitations
from marketplace.pages.own import publishing as own_publishing
from marketplace.pages.own import scopes as own_scopes
from marketplace.pages.own import transfers as own_transfers
from marketplace.pages.plugin import transfer, visibility
from marketplace.pages.syndication_urls import urlpatterns as syndication_urls

urlpatterns = [
    path("", home.render_home, name="home"),
    path("featured", home.render_featured, name="featured"),
    path("contact", contact.render_contact, name="contact"),
    path("account/publishing", own_publishing.render_own_publishing, name="own-publishing"),
    path("claims", claims.render_claims, name="claims"),
    path("claims/new", claims.render_new_claim, name="new-claim"),
    path("claims/<int:claim_id>", claims.render_claim, name="claim"),
    path("claims/<int:claim_id>/answer", claims.answer, name="answer-claim"),
    path("account/scopes", own_scopes.render_scopes, name="scopes"),
    path(
        "account/scopes/<str:name>/visibility",
        visibility.render_scope_visibility,
        name="scope-visibility",
    ),
    path(
        "account/scopes/<str:name>/transfer", transfer.render_scope_transfer, name="scope-transfer"
    ),
    path(
        "account/transfers/<int:transfer_id>/accept", own_transfers.accept, name="accept-transfer"
    ),
    path(
        "account/transfers/<int:transfer_id>/decline",
        own_transfers.decline,
        name="decline-transfer",
    ),
    path(
        "account/transfers/<int:transfer_id>/cancel", own_transfers.cancel, name="cancel-transfer"
    ),
    path(
        "account/invitations/<int:invitation_id>/accept",
        own_invitations.accept,
        name="accept-invitation",
    ),
    path(
        "account/invitations/<int:invitation_id>/decline",
        own_invitations.decline,
        name="decline-invitation",
    ),
    path("search", search.render_search, name="search"),
    path("search/note", search.record_search, name="search-record"),
    path("categories", taxonomy.render_categories, name="categories"),
    path("categories/<path:slug>", taxonomy.render_category, name="category"),
    path("tags", taxonomy.render_tags, name="tags"),
    path("tags/<path:slug>", taxonomy.render_tag, name="tag"),
    path("@<str:owner>", profiles.render_profile, name="profile"),
    path("users/<str:username>", profiles.redirect_user, name="user-moved"),
    # The path of the list in other registries, and of the API.
    path("plugins", RedirectView.as_view(pattern_name="search", query_string=True)),
    path("plugins/", RedirectView.as_view(pattern_name="search", query_string=True)),
    path("", include("marketplace.pages.plugin.urls")),
    path(
        "plugins/<plugin:name>/<release:version>/raw/<path:path>",
        images.serve_release_image,
        name="release-image",
    ),
    path("images/<str:signature>/<str:payload>", images.serve_remote_image, name="remote-image"),
    path("", include("marketplace.pages.publication.urls")),
    path("docs", docs.render_index, name="docs"),
    path("docs/api", docs.render_api_reference, name="docs-api"),
    path("docs/api/try", docs.render_api_console, name="docs-api-try"),
    path("docs/design", design.render_design, name="docs-design"),
    path("docs/errors", docs.render_error_codes, name="docs-errors"),
    path("install", docs.render_guide, name="docs-get"),
    path("simple", RedirectView.as_view(pattern_name="client-projects"), name="client-moved"),
    path("simple/", client_index.render_projects, name="client-projects"),
    path(
        "simple/plugport",
        RedirectView.as_view(pattern_name="client-files"),
        name="client-files-moved",
    ),
    path("simple/plugport/", client_index.render_files, name="client-files"),
    path("simple/plugport/<str:filename>", client_index.serve_wheel, name="client-wheel"),
    path("publish", docs.render_guide, name="docs-publish"),
    path(
        "docs/publish",
        RedirectView.as_view(pattern_name="docs-publish", permanent=True),
        name="docs-publish-moved",
    ),
    path("docs/<slug:slug>", docs.render_guide, name="docs-page"),
    *organization_urls,
    *syndication_urls,
]
