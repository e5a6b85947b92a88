"""`/categories`: every heading with its number of plugins."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registry.queries import list_categories, list_tags


@require_safe
def show_categories(request: HttpRequest) -> HttpResponse:
    """All categories, and the tags that are used most."""
    context = {"categories": list_categories(), "tags": list_tags(most=80)}
    return render(request, "pages/categories.html", context)
