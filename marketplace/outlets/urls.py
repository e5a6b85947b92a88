"""The paths of what other programs fetch: feeds, sitemaps, pictures, files of a fixed name."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

import registry.api.v1.urls  # noqa: F401  -- registers the converter `plugin`
from marketplace.pages import badges, cards, feeds, sitemap, small

urlpatterns = [
    path("feeds/new.atom", feeds.show_new, name="feed-new"),
    path("feeds/updates.atom", feeds.show_updates, name="feed-updates"),
    path("feeds/plugins/<plugin:name>.atom", feeds.show_plugin, name="feed-plugin"),
    path("feeds/users/<str:username>.atom", feeds.show_user, name="feed-user"),
    path("feeds/scopes/<str:name>.atom", feeds.show_scope, name="feed-scope"),
    path("badges/<plugin:name>/<slug:what>.svg", badges.show_badge, name="badge"),
    # `home` is a reserved name: no plugin has it.
    path("cards/home.png", cards.show_home, name="card-home"),
    path("cards/<plugin:name>.png", cards.show_plugin, name="card"),
    path("sitemap.xml", sitemap.show_sitemap, name="sitemap"),
    path("sitemaps/<int:number>.xml", sitemap.show_part, name="sitemap-part"),
    path(".well-known/security.txt", small.show_security, name="security-txt"),
    path("security.txt", RedirectView.as_view(pattern_name="security-txt")),
    path("llms.txt", small.show_llms, name="llms"),
    path("robots.txt", small.show_robots, name="robots"),
    path("favicon.ico", small.show_favicon, name="favicon"),
]
