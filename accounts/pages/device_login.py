"""`/login/program`: the signed-in person enters the code of a program and lets it act for the account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.device_login import (
    approve_device_login,
    deny_device_login,
    get_waiting_login,
    list_granted_scopes,
)
from accounts.errors import (
    EmailNotVerifiedError,
    MfaRequiredError,
    PasswordChangedError,
    UnknownUserCodeError,
)
from accounts.models import DeviceLogin, User
from accounts.pages.current_user import get_signed_in_user
from accounts.pages.tokens import DESCRIPTIONS
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from common.http.client_address import get_client_address
from common.http.errors import RateLimitedError
from common.http.status import get_status
from common.rate_limits import consume_quota
from plugport.spec.errors import PlugportError

_MAX_CODE_CHARS = 20


class CodeForm(forms.Form):
    """The code that the program shows."""

    user_code = forms.CharField(
        label="Code",
        max_length=_MAX_CODE_CHARS,
        help_text="The eight letters that the program shows, such as BCDF-GHJK.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_device_login(request: HttpRequest) -> HttpResponse:
    """The form for the code, then what the program wants, then what was decided."""
    user = get_signed_in_user(request)
    code = (request.POST if request.method == "POST" else request.GET).get("user_code", "")
    code = code[:_MAX_CODE_CHARS]
    if request.method != "POST":
        # Only filled in: a link of somebody else must not approve anything.
        return _render(request, form=CodeForm(initial={"user_code": code}))
    if not is_confirmed(request):
        return redirect_to_confirmation(f"{request.path}?{urlencode({'user_code': code})}")
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _render(request, status=400, form=form)
    try:
        consume_quota("user-code", str(user.pk))
        login = get_waiting_login(form.cleaned_data["user_code"])
        return _decide(request, user, login, form)
    except (
        EmailNotVerifiedError,
        MfaRequiredError,
        PasswordChangedError,
        RateLimitedError,
        UnknownUserCodeError,
    ) as error:
        return _render(request, status=get_status(error), form=CodeForm(), error=error)


def _decide(request: HttpRequest, user: User, login: DeviceLogin, form: CodeForm) -> HttpResponse:
    action = request.POST.get("action")
    if action == "approve":
        approve_device_login(actor=user, login=login)
    elif action == "deny":
        deny_device_login(actor=user, login=login)
    else:
        return _render(
            request,
            login=login,
            user_code=form.cleaned_data["user_code"],
            scopes=[DESCRIPTIONS[scope] for scope in list_granted_scopes(user, login)],
            is_same_address=login.address == get_client_address(request),
        )
    return _render(request, login=login, decision=action)


def _render(
    request: HttpRequest, *, status: int = 200, error: PlugportError | None = None, **context: Any
) -> HttpResponse:
    return render(request, "account/device_login.html", {**context, "error": error}, status=status)
