"""Files with a fixed name: robots.txt, llms.txt, security.txt, favicon.ico."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.cache_marks import InvalidatedBy, cacheable
from marketplace.docs_site import guides
from marketplace.syndication.http_cache import build_cacheable_response
from marketplace.syndication.security_contact import parse_contacts

_MAX_AGE_SECONDS = 3_600
# RFC 9116 recommends less than a year. The date is relative to today, so it never runs out.
_SECURITY_TXT_VALIDITY = dt.timedelta(days=180)
_PLAIN_TEXT = "text/plain; charset=utf-8"


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def serve_robots_txt(request: HttpRequest) -> HttpResponseBase:
    """Serve the rules for crawlers (RFC 9309) and the URL of the sitemap."""
    return _build_response(request, "robots.txt", {})


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def serve_llms_txt(request: HttpRequest) -> HttpResponseBase:
    """Serve a description of this registry for language models: Markdown (llmstxt.org)."""
    return _build_response(request, "llms.txt", {"sections": guides.SECTIONS})


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def serve_security_txt(request: HttpRequest) -> HttpResponseBase:
    """Serve the contacts for security reports (RFC 9116), by default the page `/contact`."""
    contacts = parse_contacts(settings.SECURITY_CONTACTS)
    contacts = contacts or [f"{settings.BASE_URL}{reverse('contact')}"]
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    context = {
        "contacts": contacts,
        "expires": (today + _SECURITY_TXT_VALIDITY).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return _build_response(request, "security.txt", context)


@require_safe
def redirect_favicon(request: HttpRequest) -> HttpResponse:
    """Redirect to the icon. Browsers request this path for documents without a link to an icon."""
    # Temporary: the target contains a digest of the file, which changes with a new version.
    return redirect(static("icons/mark.svg"), permanent=False)


def _build_response(
    request: HttpRequest, template: str, context: Mapping[str, object]
) -> HttpResponseBase:
    shared = {"base_url": settings.BASE_URL, "name": settings.REGISTRY_NAME}
    # Rendered without the request, so that the result cannot depend on the reader: it is cached.
    text = render_to_string(template, {**shared, **context})
    return build_cacheable_response(
        request, text.encode(), content_type=_PLAIN_TEXT, seconds=_MAX_AGE_SECONDS
    )
