"""Customizes allauth."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from accounts.actions.create_account import create_account
from accounts.models import User
from accounts.pages.sso.finish import SESSION_KEY as SSO_SESSION_KEY
from accounts.pages.sso.finish import SIGN_OUT_KEY as SSO_SIGN_OUT_KEY
from accounts.pages.sso.finish import find_provider_sign_out
from accounts.policies import check_signs_in_here
from accounts.queries.users import find_sign_in_account
from accounts.security.devices import build_mark, read_marks, remember_device
from common.http.client_address import get_client_network

_STARTED_WITH = "sign_in_started_with"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library has no types
    """Lets the operator close sign-up, and counts only wrong credentials as failed sign-ins."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether anyone may create an account (`PLUGPORT_ALLOW_SIGNUP`), with a password."""
        return bool(settings.ALLOW_SIGNUP and settings.LOCAL_PASSWORDS)

    def new_user(self, request: HttpRequest) -> User:
        """An account of the sign-up form: not verified, unlike those that operators create."""
        return User(is_verified=False)

    def get_client_ip(self, request: HttpRequest) -> str:
        """What identifies the client in rate limits, the same as for the API.

        The library's own function takes the address with its port where a proxy sends it, and fails
        for requests that passed fewer proxies than configured.
        """
        return get_client_network(request)

    def save_user(
        self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True
    ) -> User:
        """Save the account of the sign-up form. Raises `ValidationError` if its name was taken."""
        # First without saving: hashing the password takes long, and the lock of the name must not.
        super().save_user(request, user, form, commit=False)
        if commit:
            create_account(user)
        return user

    def get_login_stages(self) -> list[str]:
        """What comes between the password and the session."""
        return [
            "allauth.mfa.stages.AuthenticateStage",
            "accounts.pages.security.new_device.NewDeviceStage",
            # Not by its setting: that one requires verified addresses before the first sign-in, because
            # the library's links lose the session.
            "allauth.mfa.webauthn.stages.PasskeySignupStage",
        ]

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Remember the password with which the sign-in began; closed accounts end here."""
        request.session[_STARTED_WITH] = user.get_session_auth_hash()
        check_signs_in_here(user)
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """Start the session, unless the password was changed since the first step.

        Otherwise a thief with the old password could complete a sign-in after the owner recovered the
        account.
        """
        started_with = request.session.pop(_STARTED_WITH, "")
        if not constant_time_compare(started_with, user.get_session_auth_hash()):
            clear_login(request)
            messages.error(request, "The password was changed since you began. Sign in again.")
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Lead to the next page, and remember the browser."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        remember_device(request, response, user)
        return response

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """The page after a change of the password: the account, with the tokens that were kept."""
        return reverse("account")

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """The page after signing out, which ends the session of the identity provider too."""
        if SSO_SESSION_KEY in request.session:
            return reverse("sso-signed-out")
        return str(super().get_logout_redirect_url(request))

    def logout(self, request: HttpRequest) -> None:
        """End the session, and keep the URL at which that of the identity provider ends."""
        url = find_provider_sign_out(request)
        super().logout(request)
        if url:
            request.session[SSO_SIGN_OUT_KEY] = url

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The account of the credentials, or None. Raises `ValidationError` after too many failures.

        The library counts an attempt before it checks the password, so that parallel guesses cannot
        exceed the limit, and takes it back on success. An attempt that could not be checked, because
        the database does not respond, is taken back too: an outage must not lock accounts. The limit
        of all sign-ins of an address (`sign_in`) is counted here for the same reason: the library's
        limit `login` belongs to its view, which cannot take it back.
        """
        sign_ins = ratelimit.consume(request, app="allauth.account", action="sign_in")
        if sign_ins is None:
            raise ImmediateHttpResponse(ratelimit.respond_429(request))
        try:
            user: User | None = super().authenticate(request, **credentials)
        except ValidationError:
            raise
        except Exception:
            self._rollback_login_failed_rl_usage()
            sign_ins.rollback()
            raise
        return user

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # The library's key contains the Host header, which would give a guesser five attempts for
        # each port that the header names.
        login = str(credentials.get("email", credentials.get("username", ""))).lower()
        # Otherwise strangers lock the owner out with wrong passwords. A browser in which the account has
        # signed in counts by itself (OWASP, "device cookies"); strangers have no such cookie.
        marks = read_marks(request)
        user = find_sign_in_account(login) if marks else None
        mark = build_mark(user) if user is not None else ""
        # The mark itself is the key: nobody can type it as a name.
        return mark if mark in marks else login
