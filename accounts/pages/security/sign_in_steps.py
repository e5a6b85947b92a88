"""The steps of sign-in and sign-up with a second factor or a passkey."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.internal.stagekit import clear_login
from allauth.core.internal import ratelimit
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.views import LoginWebAuthnView, SignupWebAuthnView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from accounts.actions.factors.add_factor import add_passkey
from accounts.errors import PasswordChangedError
from accounts.pages.security.sign_in_forms import NewPasskeyForm
from accounts.security.sessions import shorten_empty_session


class SecondFactorView(AuthenticateView):  # type: ignore[misc]  # the library has no types
    """The library's view, with the options for passkeys if the account has any."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the options for the browser."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = context["js_data"]["request_options"]
        return {
            **context,
            "has_passkeys": bool(options["publicKey"].get("allowCredentials")),
            "options": json.dumps(options),
        }


class PasskeySignInView(LoginWebAuthnView):  # type: ignore[misc]  # the library has no types
    """The library's view, which forgets an earlier sign-in that was not completed."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The options for the browser as JSON, or the sign-in with its answer."""
        # The library counts the answers only. Each challenge is a session, which is a row.
        if request.method in ("GET", "HEAD"):
            rule = {"app": "allauth.mfa", "action": "webauthn_login", "limit_get": True}
            if ratelimit.consume(request, **rule) is None:
                refusal: HttpResponse = ratelimit.respond_429(request)
                return refusal
            shorten_empty_session(request)
        clear_login(request)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class PasskeyCreationView(SignupWebAuthnView):  # type: ignore[misc]  # the library has no types
    """The last step of a sign-up without a password: the browser creates the passkey."""

    template_name = "account/security/sign_up_passkey.html"

    def get_form_class(self) -> type[NewPasskeyForm]:
        """The form of this registry."""
        return NewPasskeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the options for the browser."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        # A form with errors comes from the caller; the library's view builds another one.
        context["form"] = kwargs.get("form", context.get("form"))
        return {**context, "options": json.dumps(context["js_data"]["creation_options"])}

    def form_valid(self, form: NewPasskeyForm) -> HttpResponse:
        """Store the passkey and sign in, unless the account was taken over by the owner of its address."""
        stage = self._login_stage
        try:
            add_passkey(actor=stage.login.user, is_sign_up=True, **form.cleaned_data)
        except PasswordChangedError as error:
            clear_login(self.request)
            messages.error(self.request, f"{error.detail} {error.hint}")
            return redirect("account_login")
        response: HttpResponse = stage.exit()
        return response
