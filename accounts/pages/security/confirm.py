"""`/account/confirm`: the signed-in person proves to be the owner of the account."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.pages.current_user import get_signed_in_user
from accounts.pages.security.sign_in_forms import CodeForm, PasskeyForm
from accounts.pages.sso.finish import build_start_url, can_confirm
from accounts.queries.sso import list_identities
from accounts.security.confirmation import record_confirmation
from accounts.sso.attempts import CONFIRM


class PasswordForm(forms.Form):
    """The password of the account."""

    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.request = user, request

    def clean_password(self) -> str:
        """Check the password within the limits of sign-ins. Raises `ValidationError`."""
        password = str(self.cleaned_data["password"])
        # The same way as at sign-in, so that both count against the same limits.
        found = get_adapter(self.request).authenticate(
            self.request, username=self.user.username, password=password
        )
        if found is None or found.pk != self.user.pk:
            raise ValidationError("The password is not correct.")
        return password


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_confirm(request: HttpRequest) -> HttpResponse:
    """One form for each way that the account has; leads to `next`."""
    user = get_signed_in_user(request)
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    sent = request.POST if request.method == "POST" else None
    form: forms.Form | None = None
    if sent is not None:
        form = _build_sent_form(request, user)
        if form.is_valid():
            record_confirmation(request)
            return redirect(get_next_redirect_url(request) or reverse("account"))
    options = None
    if Authenticator.Type.WEBAUTHN in kinds:
        options = json.dumps(webauthn.begin_authentication(user))
    next_path = get_next_redirect_url(request) or ""
    errors = [] if form is None else [each for errors in form.errors.values() for each in errors]
    context: dict[str, Any] = {
        "has_password": user.has_usable_password(),
        "has_codes": bool(kinds - {Authenticator.Type.WEBAUTHN}),
        "options": options,
        "errors": errors,
        "providers": [
            (each.connection, build_start_url(user, each.connection, CONFIRM, next_path))
            for each in list_identities(user)
            if each.connection.is_enabled and can_confirm(each.connection, user)
        ],
        "next": next_path,
    }
    return render(request, "account/confirm.html", context, status=400 if errors else 200)


def _build_sent_form(request: HttpRequest, user: User) -> forms.Form:
    if "credential" in request.POST:
        return PasskeyForm(request.POST, user=user)
    if "code" in request.POST:
        return CodeForm(request.POST, user=user)
    return PasswordForm(request.POST, user=user, request=request)
