"""`/contact`: where to report problems of this registry."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.cache_marks import InvalidatedBy, cacheable
from marketplace.syndication.security_contact import parse_contacts


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_contact(request: HttpRequest) -> HttpResponse:
    """The operator's contacts. Without any, what a reader and the operator can do instead."""
    contacts = [
        {"url": contact, "text": contact.removeprefix("mailto:").removeprefix("tel:")}
        for contact in parse_contacts(settings.SECURITY_CONTACTS)
    ]
    context = {"contacts": contacts, "registry_name": settings.REGISTRY_NAME}
    return render(request, "pages/contact.html", context)
