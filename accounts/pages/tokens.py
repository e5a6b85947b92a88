"""`/account/tokens`: create, list, regenerate and revoke tokens."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions.tokens.create_token import create_token
from accounts.actions.tokens.regenerate_token import regenerate_token
from accounts.actions.tokens.revoke_token import revoke_token
from accounts.actions.tokens.token_request import DEFAULT_DAYS, MAX_DAYS, MAX_NAME_CHARS
from accounts.errors import MfaRequiredError, TokenRequestError
from accounts.models import User
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import can_have_admin_tokens
from accounts.queries.tokens import list_tokens
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from accounts.sso.ways_in import has_provider_account

_SCOPES = (
    ("read", "Read: everything your account can see"),
    ("publish", "Publish: upload new releases"),
    (
        "manage",
        "Manage: edit plugins and their members, deprecate and yank releases, create tokens",
    ),
)
_ADMIN_SCOPE = ("admin", "Admin: act as a moderator or operator")
DESCRIPTIONS = dict((*_SCOPES, _ADMIN_SCOPE))
_LIFETIMES = (
    *((days, f"{days} days") for days in (7, 30, DEFAULT_DAYS, 180)),
    (MAX_DAYS, f"{MAX_DAYS} days (the maximum)"),
)
# Twenty plugins with names of the greatest length.
_MAX_TEXT_CHARS = 4000


class TokenForm(forms.Form):
    """The inputs for a new token. The action `create_token` checks the rules."""

    name = forms.CharField(
        label="Name",
        max_length=MAX_NAME_CHARS,
        help_text="Where you use the token, for example “laptop” or “release workflow”.",
    )
    scopes = forms.MultipleChoiceField(
        label="Permissions",
        choices=_SCOPES,
        widget=forms.CheckboxSelectMultiple,
        initial=["read", "publish"],
        error_messages={"required": "Select at least one permission."},
    )
    limits = forms.CharField(
        label="Limit to plugins or organizations",
        required=False,
        max_length=_MAX_TEXT_CHARS,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Plugins (@acme/chat), scopes (@acme) or organizations (org:acme), separated by spaces or"
        " lines. Leave empty for all that you may do.",
    )
    networks = forms.CharField(
        label="Limit to networks",
        required=False,
        max_length=_MAX_TEXT_CHARS,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Addresses or networks (192.0.2.0/24, 2001:db8::/32) from which the token may be used."
        " Leave empty for all.",
    )
    days = forms.TypedChoiceField(
        label="Expires after", choices=_LIFETIMES, coerce=int, initial=DEFAULT_DAYS
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if can_have_admin_tokens(user):
            scopes = cast("forms.MultipleChoiceField", self.fields["scopes"])
            scopes.choices = [*_SCOPES, _ADMIN_SCOPE]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_tokens(request: HttpRequest) -> HttpResponse:
    """The user's tokens and the form. After a POST, also the text of the new token, once."""
    user = get_signed_in_user(request)
    if request.method == "POST" and not is_confirmed(request):
        return redirect_to_confirmation(request.path, request)
    form = TokenForm(user, request.POST if request.method == "POST" else None)
    text = _create_token(request, form) if form.is_bound and form.is_valid() else None
    return _render(request, TokenForm(user) if text else form, text)


def _render(request: HttpRequest, form: TokenForm, text: str | None) -> HttpResponse:
    # The text is rendered in this response, not after a redirect: it is stored nowhere, not even in
    # the session.
    user = get_signed_in_user(request)
    context: dict[str, Any] = {
        "form": form,
        "needs_factor": settings.REQUIRE_MFA_TO_PUBLISH
        and not user.has_second_factor
        and not has_provider_account(user),
        "is_confirmed": is_confirmed(request),
        "token_text": text,
        "tokens": list_tokens(user).select_related("parent"),
    }
    return render(request, "account/tokens.html", context, status=400 if form.errors else 200)


def _create_token(request: HttpRequest, form: TokenForm) -> str | None:
    """The text of the new token; None if it cannot be created, with the reasons in the form."""
    values = form.cleaned_data
    try:
        return create_token(
            actor=get_signed_in_user(request),
            name=values["name"],
            scopes=values["scopes"],
            limits=_split(values["limits"]),
            networks=_split(values["networks"]),
            days=values["days"],
        )[1]
    except (MfaRequiredError, TokenRequestError) as error:
        for field_error in error.fields:
            form.add_error(field_error.field, field_error.detail)
        if not error.fields:
            form.add_error(None, f"{error.detail} {error.hint or ''}".strip())
        return None


def _split(text: str) -> list[str]:
    return text.replace(",", " ").split()


# POST only: a link or a prefetching browser must not revoke anything.
@require_POST
@never_cache
@login_required
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke one token of the user."""
    token = revoke_token(actor=get_signed_in_user(request), token_id=token_id)
    messages.success(request, f"The token “{token.name}” was revoked.")
    return redirect("tokens")


@require_POST
@never_cache
@login_required
def regenerate(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke one token of the user, and show the text of another one that can do the same."""
    user = get_signed_in_user(request)
    if not is_confirmed(request):
        return redirect_to_confirmation(reverse("tokens"), request)
    form = TokenForm(user)
    return _render(request, form, regenerate_token(actor=user, token_id=token_id)[1])
