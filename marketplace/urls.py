"""The paths of the pages."""

from __future__ import annotations

from allauth.account import views as allauth
from django.urls import include, path, re_path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from marketplace.outlets.urls import urlpatterns as outlets
from marketplace.pages import (
    account,
    design,
    docs,
    headings,
    home,
    images,
    people,
    publication,
    search,
    tokens,
)

urlpatterns = [
    path("", home.show_home, name="home"),
    path("featured", home.show_featured, name="featured"),
    path("search", search.show_search, name="search"),
    path("search/note", search.note_search, name="search-note"),
    path("categories", headings.show_categories, name="categories"),
    path("categories/<path:slug>", headings.show_category, name="category"),
    path("tags", headings.show_tags, name="tags"),
    path("tags/<path:slug>", headings.show_tag, name="tag"),
    path("users/<str:username>", people.show_user, name="user"),
    path("@<str:scope>", people.show_scope, name="scope"),
    # What people type who know other registries.
    path("plugins", RedirectView.as_view(pattern_name="search", query_string=True)),
    path("plugins/", RedirectView.as_view(pattern_name="search", query_string=True)),
    path("", include("marketplace.pages.plugin.urls")),
    path("plugins/<plugin:name>/<release:version>/raw/<path:path>", images.show_raw, name="raw"),
    path("images/<str:signature>/<str:payload>", images.show_image, name="image"),
    path("publications/<uuid:public_id>", publication.show_publication, name="publication"),
    path("account", account.show_account, name="account"),
    path("account/tokens", tokens.show_tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke", tokens.revoke, name="revoke-token"),
    path("docs", docs.show_index, name="docs"),
    path("docs/api", docs.show_api, name="docs-api"),
    path("docs/api/try", docs.show_api_try, name="docs-api-try"),
    path("docs/design", design.show_design, name="docs-design"),
    path("docs/errors", docs.show_errors, name="docs-errors"),
    path("publish", docs.show_page, name="docs-publish"),
    path(
        "docs/publish",
        RedirectView.as_view(pattern_name="docs-publish", permanent=True),
        name="docs-publish-moved",
    ),
    path("docs/<slug:slug>", docs.show_page, name="docs-page"),
    *outlets,
    # The names are allauth's own: its views look them up.
    path("login", allauth.login, name="account_login"),
    path("signup", allauth.signup, name="account_signup"),
    path("logout", allauth.logout, name="account_logout"),
    path("account/inactive", allauth.account_inactive, name="account_inactive"),
    path("account/password", never_cache(allauth.password_change), name="account_change_password"),
    path("password/reset", allauth.password_reset, name="account_reset_password"),
    path("password/reset/sent", allauth.password_reset_done, name="account_reset_password_done"),
    # allauth writes the two parts into the address with this dash between them.
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
