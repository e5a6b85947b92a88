"""The files that machines ask for by a fixed name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.http import require_safe

from marketplace import handbook
from marketplace.outlets.answer import respond
from marketplace.outlets.contact import read_contacts

_SECONDS = 3_600
# RFC 9116 asks for less than a year; each day that it is asked for moves the end on.
_VALID = dt.timedelta(days=180)
_TEXT = "text/plain; charset=utf-8"


@require_safe
def show_robots(request: HttpRequest) -> HttpResponseBase:
    """Which pages search engines should leave alone (RFC 9309), and where the sitemap is."""
    return _respond(request, "robots.txt", {})


@require_safe
def show_llms(request: HttpRequest) -> HttpResponseBase:
    """What this registry is and how to use it, for assistants: Markdown (llmstxt.org)."""
    return _respond(request, "llms.txt", {"sections": handbook.SECTIONS})


@require_safe
def show_security(request: HttpRequest) -> HttpResponseBase:
    """Where to report a weakness (RFC 9116); 404 while the operator names no contact."""
    contacts = read_contacts(settings.SECURITY_CONTACTS)
    if not contacts:
        return HttpResponse(
            "The operator of this registry has named no contact for security reports.\n",
            status=404,
            content_type=_TEXT,
            headers={"Cache-Control": "no-store"},
        )
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    context = {"contacts": contacts, "expires": (today + _VALID).strftime("%Y-%m-%dT%H:%M:%SZ")}
    return _respond(request, "security.txt", context)


@require_safe
def show_favicon(request: HttpRequest) -> HttpResponse:
    """Browsers that show a bare file ask here for an icon."""
    return redirect(static("icons/mark.svg"), permanent=False)


def _respond(
    request: HttpRequest, template: str, context: Mapping[str, object]
) -> HttpResponseBase:
    shared = {"base_url": settings.BASE_URL, "name": settings.REGISTRY_NAME}
    # Without the request: nobody asks who reads it.
    text = render_to_string(template, {**shared, **context})
    return respond(request, text.encode(), content_type=_TEXT, seconds=_SECONDS)
