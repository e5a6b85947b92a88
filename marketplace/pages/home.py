"""`/`: what there is, at a glance; `/featured`: all that the moderators chose."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.queries import read_home
from registry.queries import MAX_LIMIT, list_top


@require_safe
def show_home(request: HttpRequest) -> HttpResponse:
    """Search, categories, featured, most popular, recently updated."""
    return render(request, "pages/home.html", {"home": read_home()})


@require_safe
def show_featured(request: HttpRequest) -> HttpResponse:
    """Those that were chosen last first."""
    return render(request, "pages/featured.html", {"plugins": list_top("featured", MAX_LIMIT)})
