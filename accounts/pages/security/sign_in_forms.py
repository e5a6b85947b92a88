"""The forms of the sign-in steps with a second factor or a passkey, for django-allauth's views."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.base.internal.flows import check_rate_limit, post_authentication
from allauth.mfa.models import Authenticator
from django import forms
from django.core.exceptions import ValidationError

from accounts.actions.factors.accept_code import accept_code
from accounts.models import User
from accounts.security.factors import (
    MAX_CREDENTIAL_CHARS,
    check_new_passkey,
    parse_credential,
    require_passkey,
)
from plugport.spec.errors import PlugportError

_WRONG_CODE = "The code is not correct, or it was used before."


def build_credential_field() -> forms.CharField:
    """The answer of the browser, which the script writes."""
    return forms.CharField(
        max_length=MAX_CREDENTIAL_CHARS,
        widget=forms.HiddenInput,
        error_messages={"required": "This needs JavaScript and a browser that knows passkeys."},
    )


def require_code(user: User, text: str) -> Authenticator:
    """The factor whose code it is. Raises `ValidationError`, also after too many attempts.

    An attempt counts before it is checked, so that parallel guesses cannot exceed the limit.
    """
    forget_attempts = check_rate_limit(user)
    factor = accept_code(user=user, text=text)
    if factor is None:
        raise ValidationError(_WRONG_CODE, code="incorrect_code")
    forget_attempts()
    return factor


class CodeForm(forms.Form):
    """A code of an authenticator app, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
        help_text="The six digits that your authenticator app shows now, or one of your recovery codes.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.factor: Authenticator | None = None

    def clean_code(self) -> str:
        """Use the code up. Raises `ValidationError`."""
        code = str(self.cleaned_data["code"])
        self.factor = require_code(self.user, code)
        return code

    def save(self) -> None:
        """Record in the session that the factor was used."""
        assert self.factor is not None
        self.factor.user = self.user
        post_authentication(context.request, self.factor)


class PasskeyForm(forms.Form):
    """The answer of a passkey to the challenge of this session."""

    credential = build_credential_field()
    passwordless = False

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_credential(self) -> Authenticator:
        """The passkey. Raises `ValidationError`."""
        # Not limited by account without one: anybody could lock out another person.
        forget_attempts = check_rate_limit(self.user) if self.user else None
        try:
            credential = parse_credential(self.cleaned_data["credential"])
            factor = require_passkey(self.user, credential)
        except PlugportError as error:
            raise ValidationError(error.detail, code="incorrect_code") from error
        if forget_attempts:
            forget_attempts()
        return factor

    def save(self) -> None:
        """Record in the session that the passkey was used."""
        factor = self.cleaned_data["credential"]
        post_authentication(context.request, factor, passwordless=self.passwordless)


class PasskeySignInForm(PasskeyForm):
    """The answer of the passkey of any account, instead of a password."""

    passwordless = True


class NewPasskeyForm(forms.Form):
    """The answer of the browser that created a passkey, and a name for it."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=60,
        help_text="Where the passkey is, for example “laptop” or “key ring”.",
    )
    credential = build_credential_field()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_credential(self) -> dict[str, Any]:
        """The checked answer. Raises `ValidationError`."""
        try:
            credential = parse_credential(self.cleaned_data["credential"])
            check_new_passkey(credential)
        except PlugportError as error:
            raise ValidationError(error.detail, code="incorrect_code") from error
        return credential
