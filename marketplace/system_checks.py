"""Django system checks for the settings of the portal."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from common.system_checks import SETTINGS_TAG
from marketplace.readme.links import is_web_url
from marketplace.syndication.security_contact import parse_contact


@register(SETTINGS_TAG)
def check_contacts(**_kwargs: Any) -> list[CheckMessage]:
    """`marketplace.E001`: every security contact must be valid."""
    return [
        Error(
            f"PLUGPORT_SECURITY_CONTACT has `{text}`",
            hint="Use an email address, `https://…` or `tel:+…`. Separate several with commas.",
            id="marketplace.E001",
        )
        for text in settings.SECURITY_CONTACTS
        if parse_contact(text) is None
    ]


@register(SETTINGS_TAG)
def check_terms(**_kwargs: Any) -> list[CheckMessage]:
    """`marketplace.E002`: the terms must be a web page."""
    if not settings.TERMS_URL or is_web_url(settings.TERMS_URL):
        return []
    return [
        Error(
            f"PLUGPORT_TERMS_URL has `{settings.TERMS_URL}`",
            hint="Use the URL of a web page, `https://…`.",
            id="marketplace.E002",
        )
    ]


@register(SETTINGS_TAG, deploy=True)
def check_contact_is_named(**_kwargs: Any) -> list[CheckMessage]:
    """`marketplace.W001`: a production registry should have a security contact (RFC 9116)."""
    if settings.SECURITY_CONTACTS:
        return []
    return [
        CheckWarning(
            "There is no security contact, so `/contact` names no address for reports.",
            hint="Set PLUGPORT_SECURITY_CONTACT=security@example.org.",
            id="marketplace.W001",
        )
    ]
