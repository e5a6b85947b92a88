"""Django system checks for mistakes in the settings (`manage.py check`)."""

from __future__ import annotations

import ssl
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register
from django.core.checks import Error as CheckError
from django.core.checks import Warning as CheckWarning

from common.mail_files import writes_mails_to_files
from common.system_checks import SETTINGS_TAG


@register(SETTINGS_TAG)
def check_ca_bundle(**_kwargs: Any) -> list[CheckMessage]:
    """`accounts.E001`: the file of `PLUGPORT_CA_BUNDLE` cannot be read, or has no certificates."""
    if not settings.CA_BUNDLE:
        return []
    try:
        ssl.create_default_context(cafile=settings.CA_BUNDLE)
    # `ssl.SSLError`, an `OSError`, for a file without certificates.
    except OSError as error:
        return [
            CheckError(
                f"PLUGPORT_CA_BUNDLE names `{settings.CA_BUNDLE}`, which cannot be used: {error}",
                hint="It must be a file with certificates in PEM format.",
                id="accounts.E001",
            )
        ]
    return []


@register(SETTINGS_TAG, deploy=True)
def check_mail_server(**_kwargs: Any) -> list[CheckMessage]:
    """`accounts.W001`: anyone can sign up, but nobody receives the mail that verifies the address."""
    if not settings.ALLOW_SIGNUP or not writes_mails_to_files():
        return []
    return [
        CheckWarning(
            "There is no mail server, so users who sign up cannot verify their email address.",
            hint="Set PLUGPORT_MAIL_URL=smtp+starttls://user:password@mail.example.org, or close"
            " sign-up with PLUGPORT_ALLOW_SIGNUP=0.",
            id="accounts.W001",
        )
    ]
