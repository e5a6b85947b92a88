"""Sends verification mails on behalf of pages, within limits."""

from __future__ import annotations

import structlog
from allauth.core import ratelimit
from django.http import HttpRequest

from accounts.actions.email.send_verification_mail import send_verification_mail
from accounts.models import User

_log = structlog.get_logger("plugport.mail")


def request_verification_mail(request: HttpRequest, user: User) -> bool:
    """Send the mail, unless the account requested too many: then False. See `ACCOUNT_RATE_LIMITS`.

    Raises `MailUnavailableError`. The limit of the address is silent: it would tell the user that
    other accounts have the address.
    """
    if not ratelimit.consume(request, action="verification_mail", key=str(user.pk)):
        return False
    if ratelimit.consume(request, action="verification_address", key=user.email.lower()):
        send_verification_mail(user=user)
    else:
        _log.warning("mail_limited", user=user.pk)
    return True
