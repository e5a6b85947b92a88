"""Paths for programs: feeds, sitemaps, badges, social cards, well-known files."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

import registry.api.v1.urls  # noqa: F401  -- registers the converter `plugin`
from marketplace.pages import badges, feeds, sitemap, social_cards, well_known

urlpatterns = [
    path("feeds/new.atom", feeds.serve_new_plugins_feed, name="feed-new"),
    path("feeds/updates.atom", feeds.serve_updates_feed, name="feed-updates"),
    path("feeds/plugins/<plugin:name>.atom", feeds.serve_plugin_feed, name="feed-plugin"),
    path("feeds/users/<str:username>.atom", feeds.serve_user_feed, name="feed-user"),
    path("feeds/scopes/<str:name>.atom", feeds.serve_scope_feed, name="feed-scope"),
    path("badges/<plugin:name>/<slug:what>.svg", badges.serve_badge, name="badge"),
    # `home` is a reserved plugin name, so this path hides no plugin.
    path("cards/home.png", social_cards.serve_home_card, name="home-card"),
    path("cards/<plugin:name>.png", social_cards.serve_plugin_card, name="plugin-card"),
    path("sitemap.xml", sitemap.serve_sitemap, name="sitemap"),
    path("sitemaps/<int:number>.xml", sitemap.serve_sitemap_part, name="sitemap-part"),
    path(".well-known/security.txt", well_known.serve_security_txt, name="security-txt"),
    path("security.txt", RedirectView.as_view(pattern_name="security-txt")),
    path("llms.txt", well_known.serve_llms_txt, name="llms"),
    path("robots.txt", well_known.serve_robots_txt, name="robots"),
    path("favicon.ico", well_known.redirect_favicon, name="favicon"),
]
