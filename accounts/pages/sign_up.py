"""The sign-up form."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm
from allauth.account.views import SignupView
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from accounts.errors import MailUnavailableError
from accounts.models import User
from accounts.pages.verification_mail import request_verification_mail
from accounts.security.factors import supports_passkeys
from accounts.security.password_rules import describe_password_rules


class SignUpForm(SignupForm):  # type: ignore[misc]  # the library has no types
    """allauth's form with the spelling of the other pages, and with a verification mail.

    It creates an account whether another one has the address or not, and in both cases sends one
    mail: only the owner of the address learns which.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"
        self.fields["username"].help_text = (
            "Lowercase letters, digits and hyphens. It is also your scope: the user `acme` publishes "
            "`@acme/…`."
        )
        if not self.by_passkey:
            self.fields["password1"].help_text = describe_password_rules()

    def validate_unique_email(self, value: str) -> str:
        """Accept every address. The library's form says that an address is taken."""
        return value

    def save(self, request: HttpRequest) -> User:
        """Create the account and send the mail."""
        user: User = super().save(request)
        try:
            request_verification_mail(request, user)
        except MailUnavailableError as error:
            # The account exists, and the page that follows offers to send the mail again.
            messages.error(request, error.detail)
        return user


class SignUpView(SignupView):  # type: ignore[misc]  # the library has no types
    """allauth's view, which shows the form again if another person was faster."""

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        """Create the account and sign in."""
        try:
            response: HttpResponse = super().form_valid(form)
        except ValidationError as error:
            form.add_error("username", error)
            response = self.form_invalid(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add whether browsers know passkeys for this registry."""
        return {**super().get_context_data(**kwargs), "supports_passkeys": supports_passkeys()}


class PasskeySignUpView(SignUpView):
    """The form without a password; the browser creates a passkey in the next step."""

    template_name = "account/signup_by_passkey.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Redirect to the form with a password where browsers create no passkeys."""
        if not supports_passkeys():
            return redirect("account_signup")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def get_form_kwargs(self) -> dict[str, Any]:
        """Leave out the fields for a password."""
        return {**super().get_form_kwargs(), "by_passkey": True}
