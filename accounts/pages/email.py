"""`/account/email`: verify and change the email address."""

from __future__ import annotations

from typing import Any

from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions.email.change_email import change_email
from accounts.actions.email.replace_email import replace_email, request_email_change
from accounts.actions.email.verify_email import verify_email
from accounts.actions.undo_email_change import undo_email_change
from accounts.errors import (
    EmailChangedError,
    EmailTakenError,
    MailUnavailableError,
    VerificationLinkError,
)
from accounts.models import User
from accounts.pages.current_user import get_signed_in_user
from accounts.pages.verification_mail import request_verification_mail
from accounts.queries.mail_domains import is_address_lapsed
from accounts.queries.users import find_account_of_key
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from accounts.security.email_change_keys import parse_change_key, parse_undo_key
from accounts.security.verification_keys import is_verification_key
from common.http.status import get_status
from plugport.spec.errors import PlugportError

_SESSION_KEY = "verification_key"
_UNDO_KEY = "undo_email_key"
_DAYS = settings.PASSWORD_RESET_TIMEOUT // 86_400


class EmailForm(forms.Form):
    """Another address for an account that is not verified."""

    email = forms.EmailField(label="Another address", max_length=254)


@require_safe
@never_cache
def open_verification_link(request: HttpRequest, key: str) -> HttpResponse:
    """Keep the key of the mail in the session and redirect to the page without it.

    The page requires a sign-in, so a person whose address was misused cannot verify another person's
    account by following the link.
    """
    if parse_undo_key(key) is not None:
        request.session[_UNDO_KEY] = key
        return redirect("undo-email")
    if find_account_of_key(key) is None and parse_change_key(key) is None:
        # No session for it: any text in this URL would add a row to the database.
        messages.error(request, "This link is expired or was used before.")
    else:
        # Without the key in its URL, the page cannot leak it in a Referer header or in `?next=`.
        request.session[_SESSION_KEY] = key
    return redirect("email")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_email(request: HttpRequest) -> HttpResponse:
    """The state of the address, and the forms to verify it, to get another mail, to replace it."""
    user = get_signed_in_user(request)
    if request.method != "POST":
        return _render(request, user, EmailForm())
    try:
        act = {
            "verify": _verify,
            "change": _change,
            "request": _request_change,
            "replace": _replace,
        }.get(request.POST.get("action", ""), _send)
        return act(request, user)
    except (
        EmailChangedError,
        EmailTakenError,
        MailUnavailableError,
        VerificationLinkError,
    ) as error:
        return _render(request, user, EmailForm(), error=error, status=get_status(error))


def _verify(request: HttpRequest, user: User) -> HttpResponse:
    # Used once, whatever the result.
    verify_email(actor=user, key=request.session.pop(_SESSION_KEY, ""))
    messages.success(request, "Your email address is verified.")
    return redirect("account")


def _change(request: HttpRequest, user: User) -> HttpResponse:
    # An account that was verified once is worth more to the thief of a session than a new one.
    if is_address_lapsed(user) and not is_confirmed(request):
        return redirect_to_confirmation(request.path)
    form = EmailForm(request.POST)
    if not form.is_valid():
        return _render(request, user, form, status=400)
    change_email(actor=user, email=form.cleaned_data["email"])
    return _send(request, user)


def _request_change(request: HttpRequest, user: User) -> HttpResponse:
    if not is_confirmed(request):
        return redirect_to_confirmation(request.path)
    form = EmailForm(request.POST)
    if not form.is_valid():
        return _render(request, user, form, status=400)
    email = form.cleaned_data["email"]
    if not ratelimit.consume(request, action="verification_mail", key=str(user.pk)):
        return _render(request, user, form, status=429)
    # Silent, as in `accounts.pages.verification_mail`.
    if ratelimit.consume(request, action="verification_address", key=email.lower()):
        request_email_change(actor=user, email=email)
    messages.success(request, f"A mail to {email} is on its way. Open its link within three days.")
    return redirect("email")


def _replace(request: HttpRequest, user: User) -> HttpResponse:
    replace_email(actor=user, key=request.session.pop(_SESSION_KEY, ""))
    messages.success(request, "Your email address is changed.")
    return redirect("account")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def render_undo(request: HttpRequest) -> HttpResponse:
    """Restore the former address with the key of a mail. Needs no sign-in: a thief may prevent one."""
    key = request.session.get(_UNDO_KEY, "")
    error: PlugportError | None = None
    if request.method == "POST":
        try:
            undo_email_change(key=request.session.pop(_UNDO_KEY, ""))
        except (EmailTakenError, VerificationLinkError) as found:
            error = found
        else:
            logout(request)
            messages.success(request, "Your address is restored. Now set a new password by mail.")
            return redirect("account_reset_password")
    context = {"change": None if error else parse_undo_key(key), "error": error}
    status = get_status(error) if error else 200
    return render(request, "account/undo_email.html", context, status=status)


def _send(request: HttpRequest, user: User) -> HttpResponse:
    if user.email and not user.is_verified:
        if not request_verification_mail(request, user):
            return _render(request, user, EmailForm(), status=429)
        messages.success(request, f"A mail to {user.email} is on its way.")
    return redirect("email")


def _render(
    request: HttpRequest,
    user: User,
    form: EmailForm,
    *,
    error: PlugportError | None = None,
    status: int = 200,
) -> HttpResponse:
    key = request.session.get(_SESSION_KEY, "")
    change = parse_change_key(key)
    is_own = change is not None and change.is_of(user)
    context: dict[str, Any] = {
        "form": form,
        "is_lapsed": is_address_lapsed(user),
        "error": error,
        "is_limited": status == 429,
        "has_key": bool(key),
        "has_own_key": is_verification_key(user, key),
        "days": _DAYS,
        "is_confirmed": is_confirmed(request),
        "change": change if is_own else None,
    }
    return render(request, "account/email.html", context, status=status)
