"""`/login/device`: a sign-in from a new browser is confirmed by a code in a mail."""

from __future__ import annotations

import secrets
from typing import Any

import structlog
from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.stagekit import stash_login
from allauth.account.stages import LoginStage
from allauth.core import ratelimit
from allauth.mfa.base.internal.flows import check_rate_limit
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.http import require_http_methods

from accounts.mails import build_url, send_mail
from accounts.models import User
from accounts.security.devices import is_known_device
from accounts.security.factors import normalize_code
from common.http.client_address import get_client_address

_log = structlog.get_logger("plugport.devices")
_MAX_ATTEMPTS = 5
_SALT = "accounts.pages.security.new_device"
KEY = "confirm_device"


class NewDeviceStage(LoginStage):  # type: ignore[misc]  # the library has no types
    """Comes after the second factor. Sign-ins with a passkey need no confirmation: it cannot be phished."""

    key = KEY
    urlname = "confirm-device"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Send the code, unless the browser is known. Raises `MailUnavailableError`."""
        if not self._is_needed():
            return None, True
        if "code" not in self.state:
            user: User = self.login.user
            if not ratelimit.consume(self.request, action="device_mail", key=str(user.pk)):
                _log.warning("mail_limited", user=user.pk)
                messages.error(self.request, "You requested several codes. Try again in an hour.")
                return redirect("account_login"), False
            code = f"{secrets.randbelow(10**6):06}"
            send_mail(
                "new_device",
                user.email,
                user=user,
                code=code,
                address=get_client_address(self.request),
                reset_url=build_url("account_reset_password"),
            )
            self.state["code"] = _hash(user, code)
            self.state["attempts"] = 0
        return redirect("confirm-device"), True

    def _is_needed(self) -> bool:
        user: User | None = self.login.user
        if not settings.CONFIRM_NEW_DEVICES or user is None or self.login.signup:
            return False
        # Without a verified address, nobody could read the code.
        if not user.is_verified or not user.email:
            return False
        records = get_authentication_records(self.request, user)
        has_used_passkey = any(record.get("type") == "webauthn" for record in records)
        return not has_used_passkey and not is_known_device(self.request, user)


def _hash(user: User, code: str) -> str:
    # Sessions are in the database, where nobody should find codes.
    return salted_hmac(_SALT, f"{user.pk} {code}", algorithm="sha256").hexdigest()


class DeviceForm(forms.Form):
    """The code of the mail."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


@login_stage_required(stage=KEY, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "HEAD", "POST"])
def render_new_device(request: HttpRequest) -> HttpResponse:
    """The form for the code. After five wrong ones, the sign-in starts again."""
    stage: Any = request._login_stage  # type: ignore[attr-defined]  # noqa: SLF001 -- set by the library
    form = DeviceForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            # An attempt counts before it is checked: the session alone, which each request reads and
            # writes as a whole, could not count parallel guesses.
            forget_attempts = check_rate_limit(stage.login.user)
        except ValidationError as error:
            form.add_error("code", error)
            return render(request, "account/security/new_device.html", {"form": form}, status=429)
        code = normalize_code(form.cleaned_data["code"])
        attempts = stage.state.get("attempts", 0) + 1
        if constant_time_compare(_hash(stage.login.user, code), stage.state.get("code", "")):
            forget_attempts()
            done: HttpResponse = stage.exit()
            return done
        if attempts >= _MAX_ATTEMPTS:
            messages.error(request, "There were too many wrong codes. Sign in again.")
            ended: HttpResponse = stage.abort()
            return ended
        stage.state["attempts"] = attempts
        stash_login(request, stage.login)
        form.add_error("code", "The code is not correct.")
    context = {"form": form}
    status = 400 if form.errors else 200
    return render(request, "account/security/new_device.html", context, status=status)
