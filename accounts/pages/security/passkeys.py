"""`/account/security/passkeys/new`: add a passkey."""

from __future__ import annotations

import json
from typing import Any

from allauth.mfa.webauthn.internal import auth as webauthn
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.factors.add_factor import add_passkey
from accounts.pages.current_user import get_signed_in_user
from accounts.pages.security.kept_session import end_other_sessions
from accounts.pages.security.sign_in_forms import NewPasskeyForm
from accounts.policies import check_is_verified
from accounts.security.confirmation import confirmation_required
from accounts.security.errors import FactorExistsError
from accounts.security.factors import supports_passkeys


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def render_new_passkey(request: HttpRequest) -> HttpResponse:
    """The form for a name, which the script sends with what the browser created."""
    user = get_signed_in_user(request)
    check_is_verified(user)
    form = NewPasskeyForm(request.POST if request.method == "POST" else None, user=user)
    is_first = not user.has_second_factor
    if form.is_bound and form.is_valid():
        try:
            add_passkey(actor=user, **form.cleaned_data)
        except FactorExistsError as error:
            form.add_error(None, f"{error.detail} {error.hint or ''}".strip())
        else:
            view = "recovery-codes" if is_first else "security"
            return end_other_sessions(request, user, view)
    context: dict[str, Any] = {
        "form": form,
        "supports_passkeys": supports_passkeys(),
        "options": json.dumps(webauthn.begin_registration(user, passwordless=True)),
    }
    status = 400 if form.errors else 200
    return render(request, "account/security/new_passkey.html", context, status=status)
