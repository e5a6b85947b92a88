"""Mails to account owners."""

from __future__ import annotations

import smtplib
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.errors import MailUnavailableError

_log = structlog.get_logger("plugport.mail")


def build_url(view: str, **parameters: str) -> str:
    """The absolute URL of a page for a mail.

    At the address that the operator set, not at that of a request: its sender chooses the Host header,
    so the link in a victim's mail could lead to another server.
    """
    return settings.BASE_URL + reverse(view, kwargs=parameters)


def send_mail(template: str, to: str, **context: Any) -> None:
    """Send the mail of `account/email/<template>_subject.txt` and `…_message.txt`.

    Raises `MailUnavailableError`, with the kind of the cause in the log.
    """
    context = {**context, "email": to, "base_url": settings.BASE_URL}
    prefix = f"account/email/{template}"
    subject = " ".join(render_to_string(f"{prefix}_subject.txt", context).split())
    message = EmailMessage(
        f"[{settings.REGISTRY_NAME}] {subject}",
        render_to_string(f"{prefix}_message.txt", context).strip() + "\n",
        settings.DEFAULT_FROM_EMAIL,
        [to],
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        # Not its text, which can contain the address.
        code = getattr(error, "smtp_code", None) or getattr(error, "errno", None)
        _log.error("mail_failed", template=template, error=type(error).__name__, code=code)
        raise MailUnavailableError(
            "The mail cannot be sent at the moment.", hint="Try again in a few minutes."
        ) from error


def notify_owner(template: str, to: str, **context: Any) -> None:
    """Send a mail about a change that is done. A failure is only logged."""
    if not to:
        return
    try:
        send_mail(template, to, **context)
    except MailUnavailableError:
        # Logged by `send_mail`. The change must not look as if it had failed.
        return
