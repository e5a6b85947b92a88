"""URLs of the search API. They are mounted before those of the registry."""

from __future__ import annotations

from django.urls import path

from marketplace.api.owners import OwnerView, ScopeView
from marketplace.api.plugins import PluginsView
from marketplace.api.suggest import SuggestView

urlpatterns = [
    path("plugins", PluginsView.as_view()),
    path("suggest", SuggestView.as_view()),
    path("owners/<str:owner>", OwnerView.as_view()),
    path("scopes/<str:name>", ScopeView.as_view()),
]
