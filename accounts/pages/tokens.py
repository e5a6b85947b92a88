"""`/account/tokens`: create, list and revoke tokens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions.create_token import MAX_DAYS, MAX_NAME_CHARS, create_token
from accounts.actions.revoke_token import revoke_token
from accounts.errors import TokenRequestError
from accounts.pages.current_user import get_signed_in_user
from accounts.queries.tokens import list_tokens

_SCOPES = (
    ("read", "Read: everything your account can see"),
    ("publish", "Publish: upload new releases"),
    ("manage", "Manage: edit plugins and their members, deprecate and yank releases"),
)


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
    limit = forms.CharField(
        label="Limit to plugins",
        required=False,
        max_length=130,
        help_text="A plugin (@acme/chat) or a scope (@acme). Leave empty for all your plugins.",
    )
    days = forms.IntegerField(
        label="Expires after (days)",
        required=False,
        min_value=1,
        max_value=MAX_DAYS,
        initial=90,
        help_text="Leave empty for no expiration.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_tokens(request: HttpRequest) -> HttpResponse:
    """The user's tokens and the form. After a POST, also the text of the new token, once."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    text = _create_token(request, form) if form.is_bound and form.is_valid() else None
    # Rendered in this response, not after a redirect: the text is stored nowhere, not even in the
    # session.
    context: dict[str, Any] = {
        "form": TokenForm() if text else form,
        "token_text": text,
        "tokens": list_tokens(get_signed_in_user(request)),
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
            limit=values["limit"].strip(),
            days=values["days"],
        )[1]
    except TokenRequestError as error:
        for field_error in error.fields:
            form.add_error(field_error.field, field_error.detail)
        if not error.fields:
            form.add_error(None, f"{error.detail} {error.hint or ''}".strip())
        return None


# POST only: a link or a prefetching browser must not revoke anything.
@require_POST
@never_cache
@login_required
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke one token of the user."""
    token = revoke_token(actor=get_signed_in_user(request), token_id=token_id)
    messages.success(request, f"The token “{token.name}” was revoked.")
    return redirect("tokens")
