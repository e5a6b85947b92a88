"""The forms that set a new password."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, ResetPasswordKeyForm, SetPasswordForm
from allauth.account.views import password_set
from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from accounts.actions.reset_password import reset_password
from accounts.actions.set_password import set_password
from accounts.models import Token
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import check_signs_in_here
from accounts.queries.tokens import list_tokens
from accounts.security.confirmation import confirmation_required
from accounts.security.password_rules import describe_password_rules


class ChangeForm(ChangePasswordForm):  # type: ignore[misc]  # the library has no types
    """allauth's form, with a check box for each token that shall survive."""

    kept_tokens = forms.TypedMultipleChoiceField(
        label="Tokens to keep",
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text="All other tokens are revoked. If someone else may know your password, keep none.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = describe_password_rules()
        now = timezone.now()
        tokens = [token for token in list_tokens(self.user) if token.is_usable(now)]
        if tokens:
            self.fields["kept_tokens"].choices = [(t.pk, _label(t)) for t in tokens]
        else:
            del self.fields["kept_tokens"]

    def save(self) -> None:
        """Set the password."""
        set_password(
            user=self.user,
            password=self.cleaned_data["password1"],
            by=self.user,
            kept_token_ids=self.cleaned_data.get("kept_tokens", ()),
        )


def _label(token: Token) -> str:
    return f"{token.name} ({token.start}…, {', '.join(token.scopes)})"


class ResetKeyForm(ResetPasswordKeyForm):  # type: ignore[misc]  # the library has no types
    """allauth's form behind the link of a mail; no token survives it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = describe_password_rules()

    def save(self) -> None:
        """Set the password."""
        reset_password(user=self.user, password=self.cleaned_data["password1"])


class SetForm(SetPasswordForm):  # type: ignore[misc]  # the library has no types
    """allauth's form for an account without a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = describe_password_rules()

    def save(self) -> None:
        """Set the password."""
        set_password(user=self.user, password=self.cleaned_data["password1"], by=self.user)


@never_cache
@confirmation_required
def set_first_password(request: HttpRequest) -> HttpResponse:
    """The page for that form. Raises `SsoRequiredError`."""
    check_signs_in_here(get_signed_in_user(request))
    response: HttpResponse = password_set(request)
    return response
