"""`/`: the home page; `/featured`: all featured plugins."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.cache_marks import InvalidatedBy, cacheable
from marketplace.queries.home import get_home_page
from registry.queries.catalog import MAX_LIMIT, list_top


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_home(request: HttpRequest) -> HttpResponse:
    """Search field, categories, featured, most popular and recently updated plugins."""
    return render(request, "pages/home.html", {"home": get_home_page()})


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_featured(request: HttpRequest) -> HttpResponse:
    """All featured plugins, the latest choice first."""
    return render(request, "pages/featured.html", {"plugins": list_top("featured", MAX_LIMIT)})
