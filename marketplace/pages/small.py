"""The files that machines ask for by a fixed name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe


@require_safe
def show_robots(request: HttpRequest) -> HttpResponse:
    """Which pages search engines should leave alone (RFC 9309)."""
    return render(request, "robots.txt", content_type="text/plain; charset=utf-8")


@require_safe
def show_favicon(request: HttpRequest) -> HttpResponse:
    """Browsers that show a bare file ask here for an icon."""
    return redirect(static("icons/mark.svg"), permanent=False)
