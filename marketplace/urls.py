"""The paths of the pages."""

from __future__ import annotations

from allauth.account import views as allauth
from django.urls import path, re_path
from django.views.decorators.cache import never_cache

import registry.api.v1.urls  # noqa: F401  -- registers the converters `plugin` and `release`
from marketplace.pages import (
    account,
    categories,
    docs,
    home,
    plugin,
    publication,
    search,
    small,
    tokens,
)

urlpatterns = [
    path("", home.show_home, name="home"),
    path("search", search.show_search, name="search"),
    path("categories", categories.show_categories, name="categories"),
    path("plugins/<plugin:name>", plugin.show_plugin, name="plugin"),
    path("plugins/<plugin:name>/<release:version>", plugin.show_release, name="release"),
    path("publications/<uuid:public_id>", publication.show_publication, name="publication"),
    path("account", account.show_account, name="account"),
    path("account/tokens", tokens.show_tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke", tokens.revoke, name="revoke-token"),
    path("docs", docs.show_index, name="docs"),
    path("docs/api", docs.show_api, name="docs-api"),
    path("docs/api/try", docs.show_api_try, name="docs-api-try"),
    path("docs/errors", docs.show_errors, name="docs-errors"),
    path("docs/publish", docs.show_publish, name="docs-publish"),
    path("robots.txt", small.show_robots, name="robots"),
    path("favicon.ico", small.show_favicon, name="favicon"),
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
