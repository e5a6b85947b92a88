"""Django system checks of the portal: what an operator can get wrong, said at start-up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from marketplace.outlets.contact import read_contact


@register()
def check_contacts(**_kwargs: Any) -> list[CheckMessage]:
    """`marketplace.E001`: every security contact must be one."""
    return [
        Error(
            f"PLUGPORT_SECURITY_CONTACT has `{text}`",
            hint="A mail address, `https://…` or `tel:+…`; several with commas between them.",
            id="marketplace.E001",
        )
        for text in settings.SECURITY_CONTACTS
        if read_contact(text) is None
    ]


@register(deploy=True)
def check_contact_is_named(**_kwargs: Any) -> list[CheckMessage]:
    """`marketplace.W001`: who finds a weakness should know whom to tell."""
    if settings.SECURITY_CONTACTS:
        return []
    return [
        CheckWarning(
            "There is no contact for security reports: `/.well-known/security.txt` answers 404.",
            hint="Set PLUGPORT_SECURITY_CONTACT=security@example.org.",
            id="marketplace.W001",
        )
    ]
