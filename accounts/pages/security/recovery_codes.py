"""`/account/security/recovery-codes`: codes for a person who lost the other factors."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.factors.recovery import replace_recovery_codes
from accounts.pages.current_user import get_signed_in_user
from accounts.queries.factors import find_recovery_codes
from accounts.security.confirmation import confirmation_required


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def render_recovery_codes(request: HttpRequest) -> HttpResponse:
    """The codes that are not used yet; a POST replaces all of them."""
    user = get_signed_in_user(request)
    if request.method == "POST":
        replace_recovery_codes(actor=user)
        messages.success(request, "These are your new recovery codes. The old ones no longer work.")
        return redirect("recovery-codes")
    codes = find_recovery_codes(user)
    if codes is None:
        return redirect("security")
    context: dict[str, Any] = {"codes": [f"{code[:4]} {code[4:]}" for code in codes]}
    return render(request, "account/security/recovery_codes.html", context)
