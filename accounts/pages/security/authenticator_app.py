"""`/account/security/app`: add an authenticator app."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.totp.internal.auth import clear_totp_secret, get_totp_secret
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.factors.add_factor import add_authenticator_app
from accounts.pages.current_user import get_signed_in_user
from accounts.pages.security.kept_session import end_other_sessions
from accounts.policies import check_is_verified
from accounts.security.confirmation import confirmation_required
from accounts.security.errors import FactorAnswerError, FactorExistsError


class AppForm(forms.Form):
    """The code that proves that the app has the secret."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        help_text="The six digits that the app shows now.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def render_app(request: HttpRequest) -> HttpResponse:
    """The secret as a picture and as text; a POST with its code stores it."""
    user = get_signed_in_user(request)
    check_is_verified(user)
    is_sent = request.method == "POST"
    form = AppForm(request.POST if is_sent else None)
    # Until the app is added, the secret is in the session, which is kept on the server.
    secret = get_totp_secret(regenerate=False)
    if is_sent and form.is_valid():
        try:
            forget_attempts = check_rate_limit(user, error_key="rate_limited")
            add_authenticator_app(actor=user, secret=secret, code=form.cleaned_data["code"])
        except ValidationError as error:
            form.add_error("code", error)
        except (FactorAnswerError, FactorExistsError) as error:
            form.add_error("code", f"{error.detail} {error.hint or ''}".strip())
        else:
            forget_attempts()
            clear_totp_secret(request)
            return end_other_sessions(request, user, "recovery-codes")
    adapter = get_adapter()
    url = adapter.build_totp_url(user, secret)
    context: dict[str, Any] = {
        "form": form,
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        # Drawn by the library from a URL that this server built.
        "picture": mark_safe(adapter.build_totp_svg(url).partition("?>")[2]),  # noqa: S308
    }
    status = 400 if form.errors else 200
    return render(request, "account/security/app.html", context, status=status)
