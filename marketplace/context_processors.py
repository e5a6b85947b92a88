"""Template variables that every page has."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from common.mail_files import writes_mails_to_files
from marketplace.syndication.security_contact import parse_contacts


def site(request: HttpRequest) -> dict[str, Any]:
    """Return facts about the registry.

    Its URL, whether new users may sign up and use passwords, whether it sends mails, where its terms are, and where to
    report something: the first contact, or the page that says what to do without one.
    """
    contacts = parse_contacts(settings.SECURITY_CONTACTS)
    return {
        "base_url": settings.BASE_URL,
        "allow_signup": settings.ALLOW_SIGNUP and settings.LOCAL_PASSWORDS,
        "local_passwords": settings.LOCAL_PASSWORDS,
        "terms_address": settings.TERMS_URL or reverse("docs-page", args=["terms"]),
        "report_address": contacts[0] if contacts else reverse("contact"),
        "writes_mails_to_files": writes_mails_to_files(),
    }
