"""`/account/security`: password and second factors."""

from __future__ import annotations

from functools import partial
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.actions.factors.add_factor import MAX_NAME_CHARS
from accounts.actions.factors.remove_factors import remove_factor
from accounts.actions.factors.rename_passkey import rename_passkey
from accounts.pages.current_user import get_signed_in_user
from accounts.queries.factors import list_factors
from accounts.security.confirmation import confirmation_required
from accounts.security.errors import FactorNameError
from accounts.security.factors import supports_passkeys
from plugport.spec.text import quote_text


@require_safe
@never_cache
@login_required
def render_security(request: HttpRequest) -> HttpResponse:
    """The factors of the account: 1 query."""
    factors = list_factors(get_signed_in_user(request))
    context: dict[str, Any] = {
        "app": next((each for each in factors if each.type == Authenticator.Type.TOTP), None),
        "passkeys": [each for each in factors if each.type == Authenticator.Type.WEBAUTHN],
        "has_codes": any(each.type == Authenticator.Type.RECOVERY_CODES for each in factors),
        "supports_passkeys": supports_passkeys(),
        "is_required": settings.REQUIRE_MFA_TO_PUBLISH,
        "max_name_chars": MAX_NAME_CHARS,
    }
    return render(request, "account/security/overview.html", context)


@require_POST
@never_cache
@login_required
@partial(confirmation_required, form_page="security")
def remove(request: HttpRequest, factor_id: int) -> HttpResponse:
    """Remove an authenticator app or a passkey."""
    label = remove_factor(actor=get_signed_in_user(request), factor_id=factor_id)
    messages.success(request, f"{label[0].upper()}{label[1:]} was removed.")
    return redirect("security")


@require_POST
@never_cache
@login_required
def rename(request: HttpRequest, factor_id: int) -> HttpResponse:
    """Give a passkey another name."""
    actor, name = get_signed_in_user(request), request.POST.get("name", "")
    try:
        name = rename_passkey(actor=actor, factor_id=factor_id, name=name)
    except FactorNameError as error:
        messages.error(request, f"{error.detail} {error.hint}")
    else:
        messages.success(request, f"The passkey is now named {quote_text(name)}.")
    return redirect("security")
